//! The stand-in itself: what S3 refuses, it refuses.

use super::bucket::{If, Objects, Refused};

const LARGE: usize = 5 << 20;

fn with(keys: &[&str]) -> Objects {
    let mut objects = Objects::default();
    for key in keys {
        objects.put(key, key.as_bytes().to_vec(), String::new());
    }
    objects
}

#[test]
fn writes_hold_to_their_conditions() {
    let mut objects = with(&["a"]);
    let tag = objects.get("a").expect("it was put").e_tag.clone();
    let absent = If { is_absent: true, ..If::default() };
    let tagged = If { matches: Some(&tag), ..If::default() };
    assert_eq!(objects.check_write("a", absent), Err(Refused(412, "PreconditionFailed")));
    assert_eq!(objects.check_write("b", tagged), Err(Refused(404, "NoSuchKey")));
    assert_eq!((objects.check_write("b", absent), objects.check_write("a", tagged)), (Ok(()), Ok(())));
    objects.put("a", b"other".to_vec(), String::new());
    assert_eq!(objects.check_write("a", tagged), Err(Refused(412, "PreconditionFailed")));
    assert_eq!(objects.read("a", tagged, None).err(), Some(Refused(412, "PreconditionFailed")));
}

#[test]
fn ranges_are_cut_to_what_is_there() {
    let objects = with(&["0123456789"]);
    let range = |range| objects.read("0123456789", If::default(), Some(range)).map(|(_, range)| range);
    assert_eq!(range("bytes=2-4"), Ok(Some(2..5)));
    assert_eq!(range("bytes=7-"), Ok(Some(7..10)));
    assert_eq!(range("bytes=7-99"), Ok(Some(7..10)));
    assert_eq!(range("bytes=10-"), Err(Refused(416, "InvalidRange")));
    assert_eq!(range("bytes=-3"), Err(Refused(501, "NotImplemented")));
}

#[test]
fn pages_hold_each_key_and_folder_once() {
    let objects = with(&["a", "b/1", "b/2", "b/3", "c", "d/1", "e"]);
    let (mut after, mut keys, mut folders) = (String::new(), Vec::new(), Vec::new());
    loop {
        let page = objects.list("", Some("/"), &after, 2);
        keys.extend(page.objects.into_iter().map(|(key, _)| key));
        folders.extend(page.prefixes);
        match page.last {
            Some(last) => after = last,
            None => break,
        }
    }
    assert_eq!((keys, folders), (vec!["a".into(), "c".into(), "e".into()], vec!["b/".to_owned(), "d/".into()]));
    assert_eq!(objects.list("b/", None, "b/1", 1000).objects.len(), 2);
}

#[test]
fn parts_are_joined_by_number_and_tag_and_only_the_last_may_be_small() {
    let mut objects = Objects::default();
    let id = objects.begin("k", "text/csv".to_owned());
    assert_eq!(objects.put_part("other", "k", "1", Vec::new()), Err(Refused(404, "NoSuchUpload")));
    assert_eq!(objects.put_part(&id, "k", "0", Vec::new()), Err(Refused(400, "InvalidArgument")));
    let small = objects.put_part(&id, "k", "1", vec![1; 9]).expect("a part");
    let last = objects.put_part(&id, "k", "2", vec![2; 3]).expect("a part");
    let parts = [(1, small), (2, last.clone())];
    assert_eq!(objects.complete(&id, "k", &parts), Err(Refused(400, "EntityTooSmall")));
    let large = objects.put_part(&id, "k", "1", vec![3; LARGE]).expect("a part");
    let reversed = [(2, last.clone()), (1, large.clone())];
    assert_eq!(objects.complete(&id, "k", &reversed), Err(Refused(400, "InvalidPartOrder")));
    assert_eq!(objects.complete(&id, "k", &[(1, last.clone())]), Err(Refused(400, "InvalidPart")));
    assert!(objects.get("k").is_none() && objects.unfinished() == ["k"]);
    objects.complete(&id, "k", &[(1, large), (2, last)]).expect("it is whole");
    assert_eq!(objects.get("k").expect("it appeared").bytes.len(), LARGE + 3);
    assert!(objects.unfinished().is_empty());
    assert_eq!(objects.abort(&id, "k"), Err(Refused(404, "NoSuchUpload")));
}
