//! What is kept back: the kinds of personal data, and sets of them.

use std::fmt;

use strum::{EnumCount, EnumIter, EnumString, IntoEnumIterator as _, IntoStaticStr, VariantNames};

/// A kind of personal data.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumCount,
    EnumIter,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// Payment cards: number, expiry, security code.
    Card,
    /// IBAN.
    Iban,
    /// Accounts, sort codes, routing numbers.
    Bank,
    /// Social security numbers.
    Ssn,
    /// Other numbers that stand for a person: policies, members, passports, orders, vehicles, IP addresses.
    Id,
    /// Telephone numbers.
    Phone,
    /// E-mail addresses.
    Email,
    /// Dates of birth.
    Birth,
    /// Postal addresses and postcodes.
    Address,
    /// Names of people.
    Name,
    /// Passwords, PINs, one-time codes.
    Password,
    /// Links that lead to a person.
    Url,
}

impl Kind {
    /// The name used in settings, marks and outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What stands in its place.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Self::Card => "[CARD]",
            Self::Iban => "[IBAN]",
            Self::Bank => "[BANK]",
            Self::Ssn => "[SSN]",
            Self::Id => "[ID]",
            Self::Phone => "[PHONE]",
            Self::Email => "[EMAIL]",
            Self::Birth => "[BIRTH]",
            Self::Address => "[ADDRESS]",
            Self::Name => "[NAME]",
            Self::Password => "[PASSWORD]",
            Self::Url => "[URL]",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds(u16);

impl Kinds {
    /// Every kind.
    pub const ALL: Self = Self((1 << Kind::COUNT) - 1);

    /// Whether a kind is in it.
    #[must_use]
    pub const fn contain(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }

    /// Its kinds, in their order.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::iter().filter(move |kind| self.contain(*kind))
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u16))
    }
}
