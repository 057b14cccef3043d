//! How many cases a property test tries: few enough that all tests stay quick, or as many as `PROPTEST_CASES` says.

use proptest::test_runner::Config;

/// `few` cases, for tests of which each case costs files or threads; `PROPTEST_CASES` beats it, as it beats proptest's
/// own default.
pub(crate) fn usually(few: u32) -> Config {
    if std::env::var_os("PROPTEST_CASES").is_some() { Config::default() } else { Config::with_cases(few) }
}
