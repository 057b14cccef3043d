//! `config check` with a bucket for jobs: whether the bucket removes by itself what a killed run leaves there.

use crate::jobs::place_for;
use crate::standin::s3::{Action, Config, S3};
use crate::standin::{Config as ServiceConfig, Standin};

/// What is printed about the bucket.
fn checked(config: Config) -> String {
    let s3 = S3::start(config);
    let standin = Standin::start(ServiceConfig { region: "eu-west-1".to_owned(), ..ServiceConfig::default() });
    let printed = place_for(&s3, &standin).run(&["config", "check"]).expect(0).stdout;
    assert!(printed.starts_with("the settings are right"), "{printed}");
    assert!(s3.seen().iter().any(|seen| seen.action == Action::Lifecycle), "{printed}");
    printed
}

#[test]
fn rules_of_the_prefix_are_named_with_their_days() {
    let rules = "<Rule><Status>Enabled</Status><Filter><Prefix>jobs/</Prefix></Filter><Expiration><Days>7</Days></Expiration>\
                 <AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>\
                 </Rule>";
    let printed = checked(Config { lifecycle: Some(rules), ..Config::default() });
    assert!(printed.contains("objects in s3://calls/jobs are removed after 7 days\n"), "{printed}");
    assert!(printed.contains("unfinished uploads in s3://calls/jobs are removed after 1 day\n"), "{printed}");
}

#[test]
fn a_bucket_without_rules_is_told_which_to_add() {
    let printed = checked(Config::default());
    assert!(printed.contains("no rule removes objects in s3://calls/jobs"), "{printed}");
    assert!(printed.contains("no rule removes unfinished uploads in s3://calls/jobs"), "{printed}");
    assert!(printed.contains("after 7 days\n") && printed.contains("after 1 day\n"), "{printed}");
}

#[test]
fn where_it_can_not_be_asked_the_line_names_the_right() {
    let printed = checked(Config { denied: vec![Action::Lifecycle], ..Config::default() });
    assert!(printed.contains("can't read the lifecycle rules of s3://calls/jobs"), "{printed}");
    assert!(
        printed.contains("allow s3:GetLifecycleConfiguration on arn:aws:s3:::calls for this user or role"),
        "{printed}"
    );
}
