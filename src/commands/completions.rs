//! `undertone completions` and `undertone man`: what packages install beside the program.

use std::path::Path;

use clap::{Command, CommandFactory as _};
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

/// Writes the manual pages of the program and of all commands into `folder`, as `undertone-config-show.1`.
///
/// # Errors
/// [`Failure`] when the folder, or a page in it, can't be written.
pub fn pages(folder: &Path) -> Result<ExitCode, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::write(folder, error))?;
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let mut left = vec![program];
    while let Some(command) = left.pop() {
        let path = folder.join(format!("{}.1", title(&command)));
        std::fs::write(&path, roff(&command)?).map_err(|error| Failure::write(&path, error))?;
        left.extend(command.get_subcommands().cloned());
    }
    Ok(ExitCode::Done)
}

/// The manual page of the command at `path`.
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
    roff(&command)
}

/// The name of a command's page: `undertone-config-show`.
fn title(command: &Command) -> String {
    command.get_bin_name().unwrap_or("undertone").replace(' ', "-")
}

/// The manual page of `command` in roff.
fn roff(command: &Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.clone()).title(title(command)).manual("undertone");
    man.render(&mut page).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pages_are_written_under_the_names_that_packages_install() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("man1");
        assert_eq!(pages(&into).unwrap(), ExitCode::Done);
        for name in ["undertone.1", "undertone-analyze.1", "undertone-config-show.1"] {
            let page = std::fs::read_to_string(into.join(name)).unwrap();
            assert!(page.contains(".SH SYNOPSIS"), "{name}");
        }
        let failure = pages(&into.join("undertone.1")).unwrap_err();
        assert_eq!(failure.code(), ExitCode::CantCreate);
    }

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
