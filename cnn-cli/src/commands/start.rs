//! A net that is ready to run, for the commands that run one.

use std::fs;
use std::path::Path;

use crate::failure::{Failure, shown};
use crate::registry::{Model, Runnable};

/// The net on the weights of a file, or on those in this program.
pub(super) fn start(model: &Model, weights: Option<&Path>) -> Result<Box<dyn Runnable>, Failure> {
    match (weights, model.embedded) {
        (Some(path), _) => {
            let file = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
            (model.load)(&file).map_err(|error| Failure::Message(format!("{}: {error}", shown(path))))
        }
        (None, Some(embedded)) => Ok(embedded()),
        (None, None) => {
            let advice = "give a file with --weights W.safetensors";
            Err(Failure::Message(format!("there are no weights for {} in this program; {advice}", model.name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::BRANCHED;

    #[test]
    fn a_net_without_weights_asks_for_some() {
        let Err(Failure::Message(message)) = start(&BRANCHED, None) else { panic!("there are no weights") };
        assert_eq!(
            message,
            "there are no weights for branched in this program; give a file with --weights W.safetensors"
        );
    }
}
