//! Checkpoints of other trainings, which are refused, and of nets whose names look like a checkpoint's own.

use cnn::step::CheckpointError;
use cnn::train::{Adam, AdamW, Sgd};

cnn::network! {
    #[train(batch = 1)]
    Wide: 4 -> 6 { fc: linear(6, bias = false); }

    #[train(batch = 1)]
    Tall: 6 -> 4 { fc: linear(4, bias = false); }

    #[train(batch = 1)]
    Deep: 4 -> 6 { pre: linear(4) -> relu -> fc: linear(6, bias = false); }

    #[train(batch = 1)]
    Smooth: 4 -> 6 { pre: linear(4) -> tanh -> fc: linear(6, bias = false); }

    #[train(batch = 1, only("fc"))]
    Head: 4 -> 6 { pre: linear(4) -> relu -> fc: linear(6, bias = false); }

    #[train(batch = 2)]
    Own: 4 -> 6 {
        fc: linear(6) -> relu;
        optimiser: { fc: linear(6) -> relu; };
        sgd: { fc: linear(6) -> relu; };
        steps: { low: linear(6); high: linear(6); };
    }
}

/// Whether a trainer refuses a checkpoint as that of another net, and stays as it was.
macro_rules! refuses {
    ($checkpoint:expr, $params:ident, $trainer:ident, $optimiser:expr, $pattern:pat) => {{
        let mut trainer = $trainer::new($params::init(1), $optimiser);
        let before = trainer.checkpoint();
        let refused = trainer.resume(&$checkpoint);
        assert!(matches!(refused, Err($pattern)), "{refused:?}");
        assert_eq!(trainer.checkpoint(), before);
    }};
}

#[test]
fn checkpoints_of_other_trainings_are_refused() {
    let mut wide = WideTrainer::new(WideParams::init(3), Adam::DEFAULT);
    wide.step(&[[1.0, 2.0, 3.0, 4.0]], &[2], 0.1);
    let wide = wide.checkpoint();
    refuses!(wide, TallParams, TallTrainer, Adam::DEFAULT, CheckpointError::OtherNet { expected: "Tall" });
    refuses!(wide, DeepParams, DeepTrainer, Adam::DEFAULT, CheckpointError::OtherNet { .. });
    let deep = DeepTrainer::new(DeepParams::init(3), Adam::DEFAULT).checkpoint();
    refuses!(deep, WideParams, WideTrainer, Adam::DEFAULT, CheckpointError::OtherNet { .. });
    refuses!(deep, SmoothParams, SmoothTrainer, Adam::DEFAULT, CheckpointError::OtherNet { .. });
    refuses!(deep, HeadParams, HeadTrainer, Adam::DEFAULT, CheckpointError::OtherNet { .. });
    // As many numbers, but of another kind.
    refuses!(wide, WideParams, WideTrainer, AdamW(Adam::DEFAULT), CheckpointError::Missing { .. });
    let mut same = WideTrainer::new(WideParams::init(1), Adam::DEFAULT.weight_decay(0.1));
    same.resume(&wide).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(same.checkpoint(), wide);
}

#[test]
fn no_name_of_a_layer_is_that_of_something_else() {
    let images = [[1.0, -2.0, 3.0, -4.0], [0.5; 4]];
    let mut trainer = OwnTrainer::new(OwnParams::init(3), Sgd::new(0.9));
    trainer.step(&images, &[2, 5], 0.1);
    let mut other = OwnTrainer::new(OwnParams::init(4), Sgd::new(0.9));
    other.resume(&trainer.checkpoint()).unwrap_or_else(|error| panic!("{error}"));
    trainer.step(&images, &[2, 5], 0.1);
    other.step(&images, &[2, 5], 0.1);
    assert_eq!(trainer.checkpoint(), other.checkpoint());
}

#[test]
#[should_panic(expected = "a target of class 6, but there are only 6, from 0 on")]
fn a_class_that_the_net_lacks_is_refused() {
    WideTrainer::new(WideParams::init(3), Sgd::new(0.0)).step(&[[1.0; 4]], &[6], 0.1);
}
