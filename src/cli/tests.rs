//! The command line: what is typed, what help shows, and that README.md shows the same.

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use proptest::prelude::*;

use super::*;
use crate::settings::Cache;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("undertone").chain(line.split(' ')))
}

/// The flags' layer of an `analyze` line, as `key = text (origin)`.
fn layer(line: &str) -> Vec<String> {
    let cli = parse(line).unwrap();
    let Command::Analyze(args) = cli.command else { panic!("not analyze: {line}") };
    let verbosity = flags::verbosity(cli.general.quiet, cli.general.verbose);
    let all = [cli.general.settings.into_assignments(), verbosity, args.settings.into_assignments()].concat();
    all.iter().map(|each| format!("{} = {} ({})", each.key.name, each.raw, each.origin)).collect()
}

/// What `undertone COMMAND --help` prints on a terminal 100 columns wide.
fn help(path: &[&str]) -> String {
    let line = ["undertone"].iter().chain(path).chain(&["--help"]);
    let text = Cli::command().term_width(100).try_get_matches_from(line).unwrap_err().to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn flags_become_the_highest_layer() {
    assert_eq!(
        layer("analyze a.csv --engine comprehend --max-cost 25 --log-format json -vv --role a=agent --role b=other"),
        [
            "log-format = `json` (flag --log-format)",
            "verbosity = `debug` (flag -vv)",
            "engine = `comprehend` (flag --engine)",
            "role = `a=agent` (flag --role)",
            "role = `b=other` (flag --role)",
            "cost.max = `25` (flag --max-cost)",
        ]
    );
    assert_eq!(layer("analyze a.csv"), [""; 0]);
}

#[test]
fn general_flags_stand_before_or_after_the_command() {
    assert_eq!(layer("-q --log-format json analyze a.csv"), layer("analyze a.csv -q --log-format json"));
    assert_eq!(layer("-q analyze a.csv"), ["verbosity = `quiet` (flag -q)"]);
}

#[test]
fn switches_stand_alone_or_say_off() {
    assert_eq!(layer("analyze --detail a.csv"), ["detail = `on` (flag --detail)"]);
    assert_eq!(layer("analyze --detail=off a.csv"), ["detail = `off` (flag --detail)"]);
    assert_eq!(layer("analyze --csv-guard off a.csv"), ["csv-guard = `off` (flag --csv-guard)"]);
}

#[test]
fn of_a_flag_given_twice_the_last_one_holds_and_maps_add_up() {
    assert_eq!(
        layer("analyze a.csv --out a --detail --map text=A --detail=off --out b --map call_id=B -q -q"),
        [
            "verbosity = `quiet` (flag -q)",
            "map = `text=A` (flag --map)",
            "map = `call_id=B` (flag --map)",
            "out = `b` (flag --out)",
            "detail = `off` (flag --detail)",
        ]
    );
    assert_eq!(layer("--log-format text analyze a.csv --log-format json"), ["log-format = `json` (flag --log-format)"]);
    let Command::Train(train) = parse("train a.csv --out a --seed 1 --out b").unwrap().command else {
        panic!("not train")
    };
    assert_eq!(train.out, PathBuf::from("b"));
    let Command::Evaluate(both) = parse("evaluate a.csv --json --json --engine local --engine vader").unwrap().command
    else {
        panic!("not evaluate")
    };
    assert_eq!(both.engines, ["local", "vader"]);
}

#[test]
fn flags_resolve_to_settings() {
    let cli = parse("analyze a.csv --language es --map text=Body --cache off").unwrap();
    let Command::Analyze(args) = cli.command else { panic!("not analyze") };
    let sources = Sources { flags: args.settings.into_assignments(), ..Sources::default() };
    let settings = sources.resolve(registry::keys()).unwrap();
    assert_eq!(settings.map.iter().collect::<Vec<_>>(), [("text", "Body")]);
    assert_eq!(settings.engine().name, "local");
    assert_eq!(settings.section::<Cache>().path, crate::settings::CachePlace::Off);
}

#[test]
fn wrong_lines_are_usage_errors() {
    let cases = [
        ("analyze", ErrorKind::MissingRequiredArgument),
        ("analyse a.csv", ErrorKind::InvalidSubcommand),
        ("analyze a.csv --engine Azure!", ErrorKind::InvalidValue),
        ("analyze a.csv --max-rejects few", ErrorKind::ValueValidation),
        ("analyze a.csv --speed 5", ErrorKind::UnknownArgument),
        ("plan a.csv --out b", ErrorKind::UnknownArgument),
        ("analyze a.csv -q -v", ErrorKind::ArgumentConflict),
    ];
    for (line, kind) in cases {
        let error = parse(line).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (kind, 2), "{line}");
    }
    let message = parse("analyze a.csv --max-rejects few").unwrap_err().to_string();
    assert!(
        message.starts_with(
            "error: invalid value 'few' for '--max-rejects <SHARE|NUMBER>': expected a share such as 5% or 0.05, or a \
             whole number\n"
        ),
        "{message}"
    );
}

#[test]
fn only_commands_that_exist_are_shown() {
    let names: Vec<String> = Cli::command().get_subcommands().map(|each| each.get_name().to_owned()).collect();
    let read = ["analyze", "nightly", "merge", "plan", "sample", "explain", "exchange"];
    let others = ["report", "train", "evaluate", "formats", "cache", "jobs", "config", "completions", "man"];
    assert_eq!(names, [&read[..], &others].concat());
}

#[test]
fn help_shows_defaults_and_choices() {
    // Long lines are wrapped: only the words count.
    let help = help(&["analyze"]).split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "[default: undertone-out]",
        "[possible values: local, comprehend, comprehend-custom, sagemaker, bedrock]",
        "[default: 5%]",
        "Cost:",
    ] {
        assert!(help.contains(part), "{part} is not in\n{help}");
    }
}

/// README.md shows help between a line `<!-- help: COMMAND -->` and the end of the code block that follows it.
#[test]
fn the_readme_shows_the_real_help() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let mut shown = 0;
    for part in readme.split("<!-- help: ").skip(1) {
        let (command, rest) = part.split_once(" -->\n```text\n").unwrap();
        let (block, _) = rest.split_once("\n```\n").unwrap();
        let path: Vec<&str> = command.split(' ').skip(1).collect();
        assert_eq!(block, help(&path), "`{command} --help` changed: paste it into README.md");
        shown += 1;
    }
    assert!(shown > 0, "README.md shows no help");
}

/// Words that a command line is made of, and words that it is not.
fn words() -> impl Strategy<Value = String> {
    let known: Vec<String> = Cli::command()
        .get_subcommands()
        .flat_map(|command| {
            let flags = command.get_arguments().filter_map(|argument| Some(format!("--{}", argument.get_long()?)));
            flags.chain([command.get_name().to_owned()]).collect::<Vec<_>>()
        })
        .collect();
    prop_oneof![3 => prop::sample::select(known), 2 => "[0-9a-z=.%:-]{0,8}", 1 => any::<String>()]
}

proptest! {
    #![proptest_config(crate::cases::usually(96))]

    #[test]
    fn any_command_line_is_understood_or_refused(words in prop::collection::vec(words(), 0..8)) {
        let line = std::iter::once("undertone").chain(words.iter().map(String::as_str));
        match Cli::try_parse_from(line) {
            Ok(Cli { command: Command::Analyze(args), .. }) => {
                let sources =
                    Sources { flags: args.settings.into_assignments(), directory: "nowhere".into(), ..Sources::default() };
                if let Err(error) = sources.resolve(registry::keys()) {
                    prop_assert!(error.to_string().contains("--"), "{error} names no flag");
                }
            }
            Ok(_) => {}
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
