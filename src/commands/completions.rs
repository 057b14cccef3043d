//! `undertone completions` and `undertone man`: what packages install beside the program.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::{ExitCode, Failure};

/// Prints the completions of `shell`.
///
/// # Errors
/// [`Failure`] when stdout takes no more.
pub fn run(shell: Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "undertone", &mut script);
    super::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::Done)
}

/// Prints the manual page of the program, or of the command named by `path` (`["config", "show"]`).
///
/// # Errors
/// [`Failure`] for a command that there is none of, and when stdout takes no more.
pub fn man(path: &[String]) -> Result<ExitCode, Failure> {
    super::print(&page(path)?)?;
    Ok(ExitCode::Done)
}

/// The manual page in roff.
fn page(path: &[String]) -> Result<String, Failure> {
    let mut command = Cli::command();
    command.build();
    for name in path {
        let found = command.find_subcommand(name).cloned();
        command = found.ok_or_else(|| {
            let hint = Some("`undertone --help` lists the commands".to_owned());
            Failure::new(ExitCode::Usage, format!("there is no command `{}`", path.join(" "))).with_hint(hint)
        })?;
    }
    let mut page = Vec::new();
    let title = command.get_bin_name().unwrap_or("undertone").replace(' ', "-");
    let man = clap_mangen::Man::new(command).title(title).manual("undertone");
    man.render(&mut page).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_manual_page() {
        let named = |path: &[&str]| path.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert!(page(&[]).unwrap().contains("undertone"));
        assert!(page(&named(&["analyze"])).unwrap().contains("max\\-cost"));
        assert!(page(&named(&["config", "show"])).unwrap().contains("where it came from"));
        let failure = page(&named(&["config", "shw"])).unwrap_err();
        assert_eq!(
            (failure.code(), failure.to_string().as_str()),
            (ExitCode::Usage, "there is no command `config shw`")
        );
    }
}
