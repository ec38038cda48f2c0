//! Files on a disk that change while they are being read, and things that only look like files: an error that names them, or
//! the weights of one moment, never anything else.

use std::cell::Cell;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use cnn_runtime::weights::{Files, Problem, Source, Tensors, Unreadable, WeightsError, load, read};

use crate::net::{Entry, GRAPH, PACKED, RECIPE, entries, entries_with, file, of_values, with_header};

/// A path for a file of a test.
fn path(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("changing");
    fs::create_dir_all(&folder).unwrap();
    folder.join(test)
}

/// Loads a file; after it was checked and before anything is packed, `change` does something to it.
fn load_changing(path: &Path, change: impl Fn(&File)) -> Result<Vec<f32>, WeightsError> {
    let files = Files::open(path).unwrap();
    let writing = OpenOptions::new().write(true).open(path).unwrap();
    let changed = Cell::new(false);
    let progress = |progress: cnn_runtime::weights::Progress| {
        if 2 * progress.done >= progress.total && !changed.replace(true) {
            change(&writing);
        }
    };
    let mut packed = vec![0.0; PACKED];
    load(&GRAPH, &RECIPE, &files.source().on_progress(&progress), &mut packed)?;
    assert!(changed.get());
    Ok(packed)
}

/// Checks that an error is about this file, and returns its text.
fn about(error: &WeightsError, path: &Path) -> String {
    match &error.problems[..] {
        [Problem::Unreadable(Unreadable::File { path: named, error })] => {
            assert_eq!(Path::new(named), path);
            error.to_string()
        }
        problems => panic!("{problems:?}"),
    }
}

fn packed(source: &Source<'_>) -> Vec<f32> {
    let mut packed = vec![0.0; PACKED];
    load(&GRAPH, &RECIPE, source, &mut packed).unwrap();
    packed
}

/// Where the values of a tensor begin in a file of these entries.
fn start_of(name: &str, entries: &[Entry]) -> u64 {
    let data: usize = entries.iter().map(|entry| entry.bytes.len()).sum();
    let before: usize = entries.iter().take_while(|entry| entry.name != name).map(|entry| entry.bytes.len()).sum();
    (file(entries).len() - data + before) as u64
}

#[test]
fn a_file_that_is_truncated_is_reported() {
    let bytes = file(&entries());
    for length in [0, 7, 100, bytes.len() as u64 - 1] {
        let path = path("cut");
        fs::write(&path, &bytes).unwrap();
        let error = load_changing(&path, |file| file.set_len(length).unwrap()).unwrap_err();
        assert!(about(&error, &path).starts_with("it ended early while it was being read: at byte "), "{error}");
        assert!(error.to_string().contains("changing/cut: it ended early"), "{error}");
    }
}

#[test]
fn a_file_that_is_truncated_before_it_is_loaded_is_reported() {
    let path = path("cut-before");
    for length in [0, 4, 100] {
        fs::write(&path, file(&entries())).unwrap();
        let files = Files::open(&path).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        let error = load(&GRAPH, &RECIPE, &files.source(), &mut [0.0; PACKED]).unwrap_err();
        assert!(about(&error, &path).contains("ended early"), "{error}");
        let error = read(&GRAPH, &files.source()).unwrap_err();
        assert!(about(&error, &path).contains("ended early"), "{error}");
    }
}

#[test]
fn a_tensor_that_changes_between_the_passes_is_reported() {
    let given = entries();
    for (value, entry) in [1.5_f32, f32::NAN, f32::INFINITY].iter().flat_map(|v| given.iter().map(move |e| (v, e))) {
        let path = path("changed");
        fs::write(&path, file(&given)).unwrap();
        let last = start_of(&entry.name, &given) + entry.bytes.len() as u64 - 4;
        let error = load_changing(&path, |file| file.write_all_at(&value.to_le_bytes(), last).unwrap()).unwrap_err();
        assert_eq!(about(&error, &path), "it changed while it was being read", "{}", entry.name);
    }
}

#[test]
fn half_precision_that_changes_is_reported() {
    let bytes = [0x3c00_u16; 24].iter().flat_map(|bits| bits.to_le_bytes()).collect();
    let given = entries_with(Entry { name: "fc.weight".into(), dtype: "F16", shape: vec![3, 8], bytes });
    let path = path("changed-half");
    fs::write(&path, file(&given)).unwrap();
    let start = start_of("fc.weight", &given);
    let error = load_changing(&path, |file| file.write_all_at(&[1], start + 30).unwrap()).unwrap_err();
    assert_eq!(about(&error, &path), "it changed while it was being read");
}

#[test]
fn a_file_that_only_grows_or_stays_as_it_was_is_loaded() {
    let bytes = file(&entries());
    let path = path("grown");
    fs::write(&path, &bytes).unwrap();
    let loaded = load_changing(&path, |file| file.write_all_at(b"more", bytes.len() as u64).unwrap()).unwrap();
    assert_eq!(loaded, packed(&Source::new(&bytes)));
    fs::write(&path, &bytes).unwrap();
    assert_eq!(load_changing(&path, |file| file.write_all_at(&bytes, 0).unwrap()).unwrap(), loaded);
}

#[test]
fn a_file_that_is_replaced_is_the_one_that_was_opened() {
    let bytes = file(&entries());
    let (path, other) = (path("replaced"), path("replacement"));
    fs::write(&path, &bytes).unwrap();
    fs::write(&other, file(&entries_with(of_values("fc.bias", &[3], &[9.0; 3])))).unwrap();
    let loaded = load_changing(&path, |_| fs::rename(&other, &path).unwrap()).unwrap();
    assert_eq!(loaded, packed(&Source::new(&bytes)));
}

/// Writes bytes into a pipe, which is read from its other end.
fn through_a_pipe(name: &str, bytes: Vec<u8>) -> Result<Files, Unreadable> {
    let path = path(name);
    let _ = fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let writer = thread::spawn({
        let path = path.clone();
        // The other end may be closed before everything is read.
        move || drop(fs::write(path, bytes))
    });
    let files = Files::open(&path);
    writer.join().unwrap();
    files
}

#[test]
fn a_pipe_gives_the_same_as_a_file() {
    let bytes = file(&entries());
    let files = through_a_pipe("pipe", bytes.clone()).unwrap();
    assert_eq!(packed(&files.source()), packed(&Source::new(&bytes)));
    assert_eq!(packed(&files.source()), packed(&Source::new(&bytes)));
}

#[test]
fn a_pipe_is_read_only_as_far_as_it_can_be_valid() {
    let bytes = file(&entries());
    let longer = [&bytes[..], &[0; 1 << 20]].concat();
    assert_eq!(through_a_pipe("longer-pipe", longer).unwrap().len(), bytes.len() as u64 + 1);
    let noise = vec![0xa5; 1 << 20];
    assert!(through_a_pipe("noise", noise).unwrap().len() <= 1 << 20);
    let huge = with_header(r#"{"a":{"dtype":"U8","shape":[3000000000],"data_offsets":[0,3000000000]}}"#);
    let error = through_a_pipe("huge-pipe", huge).unwrap_err().to_string();
    assert!(error.contains("huge-pipe: its header announces 3000000000 bytes"), "{error}");
}

#[test]
fn an_endless_stream_is_not_a_file() {
    let zeros = Files::open("/dev/zero").unwrap();
    assert!(zeros.len() < 100);
    assert!(matches!(Tensors::open(&zeros.source()), Err(Problem::Unreadable(_))));
    let random = Files::open("/dev/urandom");
    assert!(random.is_err() || random.is_ok_and(|files| Tensors::open(&files.source()).is_err()));
    let nothing = Files::open("/dev/null").unwrap();
    let Err(Problem::Unreadable(why)) = Tensors::open(&nothing.source()) else { panic!("there is nothing") };
    assert_eq!(why, Unreadable::Empty);
}

#[test]
fn a_folder_is_not_a_file() {
    let error = Files::open(env!("CARGO_TARGET_TMPDIR")).unwrap_err().to_string();
    assert!(error.ends_with(": is a directory"), "{error}");
}

#[test]
fn an_index_has_a_maximum_length() {
    let path = path("long.json");
    let file = File::create(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = Files::open(&path).unwrap_err().to_string();
    assert!(error.ends_with("long.json: an index of weights has at most 16 MiB"), "{error}");
}

#[test]
fn a_header_that_claims_much_takes_no_memory() {
    let path = path("claims");
    let file = File::create(&path).unwrap();
    file.write_all_at(&(200_000_000_u64).to_le_bytes(), 0).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = load(&GRAPH, &RECIPE, &Files::open(&path).unwrap().source(), &mut [0.0; PACKED]).unwrap_err();
    assert!(error.to_string().contains("its header is 200000000 bytes long, expected at most 100000000"), "{error}");
}
