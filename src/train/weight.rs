//! A weight while it is learned by `AdaGrad`.

/// The weight of one n-gram towards either side, and the sums that its next step depends on, side by side in memory.
#[derive(Clone, Copy)]
pub(crate) struct Weight {
    pub(crate) sides: [f32; 2],
    steps: [f32; 2],
}

impl Weight {
    /// The first sum of squared gradients: keeps the first step finite.
    const FIRST: f32 = 1e-3;

    /// A weight that no step has moved.
    pub(crate) const fn at(sides: [f32; 2]) -> Self {
        Self { sides, steps: [Self::FIRST; 2] }
    }

    /// One step down the gradient.
    pub(crate) fn step(&mut self, gradient: [f32; 2], rate: f32) {
        for ((weight, steps), gradient) in self.sides.iter_mut().zip(&mut self.steps).zip(gradient) {
            *steps += gradient * gradient;
            *weight -= rate * gradient / steps.sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_down_the_gradient_and_shrink_as_they_add_up() {
        let mut weight = Weight::at([1.0, -1.0]);
        weight.step([2.0, 0.0], 0.1);
        let first = 1.0 - weight.sides[0];
        assert!((first - 0.1).abs() < 1e-3 && weight.sides[1].to_bits() == (-1.0_f32).to_bits(), "{:?}", weight.sides);
        let before = weight.sides[0];
        weight.step([2.0, 0.0], 0.1);
        assert!((before - weight.sides[0] - 0.1 / 2.0_f32.sqrt()).abs() < 1e-3, "{:?}", weight.sides);
    }
}
