//! Checkpoints: the tensors of a trainer, and the history of the run so far.
//!
//! The bytes of a checkpoint follow only from the training: it contains no times.

use cnn_runtime::step::CheckpointError;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

use crate::run::{Epoch, Measured, ResumeError, Step};

/// The tensors that are added. No tensor of a net has a name that begins with a dot, and no optimiser has this name.
const LOSSES: &str = ".training.losses";
const HITS: &str = ".training.hits";
const EPOCHS: &str = ".training.epochs";
/// Where the settings are.
const SETTINGS: &str = "cnn.train";
/// Numbers of an epoch: a loss and an accuracy, twice.
const COLUMNS: usize = 4;

/// What a checkpoint says besides the trainer's tensors.
pub(crate) struct Saved {
    pub(crate) steps: Vec<Step>,
    pub(crate) epochs: Vec<Epoch>,
    pub(crate) settings: String,
}

/// Adds what happened to the checkpoint of a trainer.
pub(crate) fn write(trainer: &[u8], steps: &[Step], epochs: &[Epoch], settings: &str) -> Vec<u8> {
    let losses = bytes(steps.iter().map(|step| step.loss));
    let hits = bytes(steps.iter().map(|step| step.hits as f32));
    let rows =
        bytes(epochs.iter().flat_map(|epoch| [measured(Some(epoch.training)), measured(epoch.validation)].concat()));
    let added = [
        (LOSSES, vec![steps.len()], &losses),
        (HITS, vec![steps.len()], &hits),
        (EPOCHS, vec![epochs.len(), COLUMNS], &rows),
    ];
    let file = SafeTensors::deserialize(trainer).expect("a trainer writes safetensors files");
    let mut tensors: Vec<(String, TensorView<'_>)> =
        file.names().into_iter().map(|name| (name.to_owned(), file.tensor(name).expect("it is there"))).collect();
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, shape, bytes) in added {
        let view = TensorView::new(Dtype::F32, shape, bytes).expect("as many numbers as the shape says");
        tensors.push((name.to_owned(), view));
    }
    // One entry: the order of several would be random.
    let metadata = [(SETTINGS.to_owned(), settings.to_owned())].into_iter().collect();
    serialize(tensors, Some(metadata)).expect("tensors can be written")
}

/// Reads what [`write`] added.
pub(crate) fn read(file: &[u8]) -> Result<Saved, ResumeError> {
    let damaged = |_| ResumeError::Damaged;
    let (_, header) = SafeTensors::read_metadata(file).map_err(damaged)?;
    let settings =
        header.metadata().as_ref().and_then(|metadata| metadata.get(SETTINGS)).ok_or(ResumeError::Damaged)?;
    let tensors = SafeTensors::deserialize(file).map_err(damaged)?;
    let [losses, hits, rows] = [LOSSES, HITS, EPOCHS].map(|name| numbers(&tensors, name));
    let (losses, hits, rows) = (losses?, hits?, rows?);
    if losses.len() != hits.len() || !rows.len().is_multiple_of(COLUMNS) {
        return Err(ResumeError::Damaged);
    }
    let steps = losses.iter().zip(&hits).map(|(loss, hits)| Step { loss: *loss, hits: *hits as u32 }).collect();
    let epoch = |(index, row): (usize, &[f32; COLUMNS])| {
        let training = measurement([row[0], row[1]]).ok_or(ResumeError::Damaged)?;
        Ok(Epoch { epoch: index + 1, training, validation: measurement([row[2], row[3]]) })
    };
    let epochs = rows.as_chunks().0.iter().enumerate().map(epoch).collect::<Result<_, ResumeError>>()?;
    Ok(Saved { steps, epochs, settings: settings.clone() })
}

fn bytes(numbers: impl Iterator<Item = f32>) -> Vec<u8> {
    numbers.flat_map(f32::to_le_bytes).collect()
}

fn numbers(file: &SafeTensors<'_>, name: &str) -> Result<Vec<f32>, ResumeError> {
    let view = file.tensor(name).map_err(|_| {
        ResumeError::Learner(CheckpointError::Missing { name: name.to_owned(), expected: 1, found: None })
    })?;
    if view.dtype() != Dtype::F32 {
        return Err(ResumeError::Damaged);
    }
    Ok(view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

/// What was not measured is less than any loss or accuracy can be.
const NOTHING: f32 = f32::NEG_INFINITY;

fn measured(measured: Option<Measured>) -> [f32; 2] {
    measured.map_or([NOTHING; 2], |measured| [measured.loss, measured.accuracy.unwrap_or(NOTHING)])
}

fn measurement([loss, accuracy]: [f32; 2]) -> Option<Measured> {
    let is = |number: f32| number.to_bits() != NOTHING.to_bits();
    is(loss).then(|| Measured { loss, accuracy: is(accuracy).then_some(accuracy) })
}
