//! Sections: groups of settings, each declared in one list by the room that uses them.
//!
//! [`section!`] makes of such a list a struct with its defaults, and the [`Key`]s by which files, variables and
//! flags reach its fields. [`Settings`](super::Settings) finds a section by its type, so this room need not know
//! the rooms that declare them; [`Keys`](super::Keys) lists the keys of all.

use super::key::Key;

/// A struct that [`section!`] declared.
pub(crate) trait Section: Clone + Send + Sync + 'static {
    /// Its settings, in the order in which files and help list them.
    const KEYS: &'static [Key];

    /// All of them at their defaults.
    fn defaults() -> &'static Self;
}

/// Declares a section from the list of its settings.
///
/// Each has a key (with the section before a dot, if the settings are to stand under one) and a default, and states
/// whether it changes what is written and so enters the settings hash. A number can have a range, a setting
/// without a default an example, and any a flag.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $visible:vis $Section:ident {$(
            $(#[doc = $doc:literal])+
            $field:ident: $type:ty {
                key: $key:literal,
                default: $default:expr,
                $(range: $range:expr,)?
                $(example: $example:literal,)?
                results: $results:literal,
                $(flag: $flag:expr,)?
            }
        )+}
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone)]
        $visible struct $Section {
            $($(#[doc = $doc])+ $visible $field: $type,)+
        }

        impl $crate::settings::Section for $Section {
            const KEYS: &'static [$crate::settings::Key] = &[$($crate::settings::Key {
                name: $key,
                doc: concat!($($doc),+),
                example: $crate::settings::section!(@option $($example)?),
                results: $results,
                flag: $crate::settings::section!(@option $($flag)?),
                choices: <$type as $crate::settings::Value>::choices,
                open: <$type as $crate::settings::Value>::OPEN,
                adds: <$type as $crate::settings::Value>::ADDS,
                put: |settings, raw| {
                    settings.change(|section: &mut $Section| {
                        $crate::settings::section!(@put &mut section.$field, raw $(, $range)?)
                    })
                },
                get: |settings| $crate::settings::Value::to_toml(&settings.section::<$Section>().$field),
                missing_feature: |settings| {
                    $crate::settings::Value::missing_feature(&settings.section::<$Section>().$field)
                },
            }),+];

            fn defaults() -> &'static Self {
                static DEFAULTS: std::sync::LazyLock<$Section> =
                    std::sync::LazyLock::new(|| $Section { $($field: $default),+ });
                &DEFAULTS
            }
        }
    };
    (@option) => { None };
    (@option $value:expr) => { Some($value) };
    (@put $slot:expr, $raw:expr) => { $crate::settings::put($slot, $raw) };
    (@put $slot:expr, $raw:expr, $range:expr) => { $crate::settings::put_within($slot, $raw, $range) };
}

pub(crate) use section;
