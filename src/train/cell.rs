//! One step of `AdaGrad`: the unit in which weights are stored while they are learned.

/// A weight for either side, how far its steps have gone, and nothing else: what one n-gram touches in memory.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) weight: [f32; 2],
    steps: [f32; 2],
}

impl Cell {
    /// The first sum of squared gradients: keeps the first step finite.
    const FIRST: f32 = 1e-3;

    /// A weight that no step has moved.
    pub(crate) const fn at(weight: [f32; 2]) -> Self {
        Self { weight, steps: [Self::FIRST; 2] }
    }

    /// One step down the gradient.
    pub(crate) fn step(&mut self, gradient: [f32; 2], rate: f32) {
        for ((weight, steps), gradient) in self.weight.iter_mut().zip(&mut self.steps).zip(gradient) {
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
        let mut cell = Cell::at([1.0, -1.0]);
        cell.step([2.0, 0.0], 0.1);
        let first = 1.0 - cell.weight[0];
        assert!((first - 0.1).abs() < 1e-3 && cell.weight[1].to_bits() == (-1.0_f32).to_bits(), "{:?}", cell.weight);
        let before = cell.weight[0];
        cell.step([2.0, 0.0], 0.1);
        assert!((before - cell.weight[0] - 0.1 / 2.0_f32.sqrt()).abs() < 1e-3, "{:?}", cell.weight);
    }
}
