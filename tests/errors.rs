//! Errors as values: their causes, a line for logs, data, and events.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use cnn::network;
use cnn::weights::{Problem, Unreadable};
use models::seeded;
use tracing::field::{Field, Visit};
use tracing::span;

network! {
    pub(crate) Small: 4 -> 2 { fc: linear(2); }

    pub(crate) Traced: 4 -> 2 { fc: linear(2); }

    pub(crate) Wider: 5 -> 2 { fc: linear(2); other: linear(2); }
}

#[test]
fn the_source_is_the_error_of_the_system() {
    let error = SmallWeights::open("no/such/file.safetensors").expect_err("there is no such file");
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>()).expect("an error of the system");
    assert_eq!(source.kind(), io::ErrorKind::NotFound);
    let [Problem::Unreadable(Unreadable::File { path, error: why })] = &error.problems[..] else { panic!("{error}") };
    assert_eq!((path.as_str(), why.kind()), ("no/such/file.safetensors", Some(io::ErrorKind::NotFound)));
    let boxed: Box<dyn Error + Send + Sync> = Box::new(error);
    assert!(boxed.to_string().starts_with("the weights of Small cannot be read: no/such/file.safetensors: "));

    let folder = SmallWeights::open(env!("CARGO_MANIFEST_DIR")).expect_err("a folder");
    assert!(folder.source().is_some());
    let empty = SmallWeights::from_safetensors(&[]).expect_err("no file");
    assert!(empty.source().is_none());
}

#[test]
fn a_log_has_one_line() {
    let file = seeded::weights(Wider::GRAPH, "");
    let error = SmallWeights::from_safetensors(&file).expect_err("another net's");
    assert_eq!(error.summary(), "weights do not fit Small: 2 unexpected, 1 with the wrong shape");
    assert!(error.to_string().starts_with(&format!("{}\n", error.summary())));
    let empty = SmallWeights::from_safetensors(&[]).expect_err("no file");
    assert_eq!(empty.summary(), empty.to_string());
}

#[test]
fn errors_are_data() {
    let file = seeded::weights(Wider::GRAPH, "");
    let error = SmallWeights::from_safetensors(&file).expect_err("another net's");
    let json = serde_json::to_value(&error).expect("it can be written");
    assert_eq!(json["net"], "Small");
    assert_eq!(json["problems"][0]["Misshapen"]["name"], "fc.weight");
    assert_eq!(json["problems"][0]["Misshapen"]["expected"], serde_json::json!([2, 4]));
    let error = SmallWeights::open("no/such/file.safetensors").expect_err("there is no such file");
    let json = serde_json::to_value(&error).expect("it can be written");
    assert_eq!(json["problems"][0]["Unreadable"]["File"]["path"], "no/such/file.safetensors");
}

/// Keeps the text of each event.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                self.0 += &format!(" {field}={value:?}");
            }
        }
        let mut text = Text(event.metadata().level().to_string());
        event.record(&mut text);
        self.0.lock().expect("no panic").push(text.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[test]
fn loading_is_traced() {
    // For all threads: the other tests may log, too.
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).expect("there is no other");
    TracedWeights::from_safetensors(&seeded::weights(Traced::GRAPH, "")).expect("made for the net");
    TracedWeights::from_safetensors(&seeded::weights(Wider::GRAPH, "")).expect_err("another net's");
    let mut events = log.0.lock().expect("no panic").clone();
    events.retain(|event| event.contains("net=\"Traced\""));
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events[0].starts_with("DEBUG ") && events[0].contains("floats=48"), "{events:?}");
    assert!(events[1].starts_with("ERROR ") && events[1].contains("2 unexpected"), "{events:?}");
}
