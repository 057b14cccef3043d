//! A model of one's own from scores that a service was paid for.

use crate::program::{Place, write_csv};
use crate::share::{ABOUT, keeping_scores};
use crate::standin::{Config, Standin};

const SAID: [&str; 6] = [
    "this is terrible and I am angry about the",
    "the bill is wrong again for the",
    "I have a question about the",
    "could you check the",
    "thank you for looking into the",
    "wonderful, I am happy with the",
];

fn place(standin: &Standin) -> Place {
    let place = keeping_scores(standin);
    let rows = (0..360).map(|call: usize| {
        let about = [call / 6, call / 72, call].map(|number| ABOUT[number % ABOUT.len()]).join(" and the ");
        [format!("call-{call}"), "customer".to_owned(), format!("{} {about}", SAID[call % SAID.len()])]
    });
    let header = ["call_id", "speaker", "text"].map(str::to_owned);
    place.write("calls.csv", write_csv(std::iter::once(header).chain(rows)));
    place
}

#[test]
fn what_was_paid_for_teaches_a_model_and_nothing_more_is_sent() {
    let standin = Standin::start(Config::default());
    let place = place(&standin);
    // Few buckets, so that learning takes no time.
    let teach = "train --teacher comprehend --input calls.csv --out student.model --from none --bits 12";
    let teach: Vec<&str> = teach.split(' ').collect();
    let nothing = place.run(&teach).expect(65);
    assert!(nothing.hint().contains("undertone analyze --engine comprehend"), "{}", nothing.stderr);
    place.analyze(&["calls.csv"], 0);
    let sent = standin.stats().documents_sent;
    let shown = place.run(&teach).expect(0).stdout;
    assert_eq!(standin.stats().documents_sent, sent, "nothing is sent");
    assert!(shown.contains("taught by comprehend") && shown.contains("weighted kappa"), "{shown}");
    assert!(shown.contains("on 360 texts of 360 documents"), "{shown}");
    place.run(&["analyze", "--engine", "local", "--model", "student.model", "--out", "own", "calls.csv"]).expect(0);
}

#[test]
fn a_teacher_is_an_engine_whose_scores_are_stored() {
    let standin = Standin::start(Config::default());
    let place = place(&standin);
    for (arguments, code) in [
        (&["--teacher", "nobody", "--input", "calls.csv"][..], 2),
        (&["--teacher", "local", "--input", "calls.csv"], 2),
        (&["--teacher", "comprehend"], 2),
        (&["--teacher", "comprehend", "--input", "calls.csv", "--cache", "off"], 2),
        (&["--teacher", "comprehend", "--input", "calls.csv", "--for", "calls"], 2),
    ] {
        place.run(&[&["train", "--out", "student.model"], arguments].concat()).expect(code);
    }
    assert!(!place.path("student.model").exists());
}
