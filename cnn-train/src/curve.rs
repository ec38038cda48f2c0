//! Training curves: a drawing, and numbers.

use std::fmt::Write as _;

use cnn_diagram::Theme;
use cnn_diagram::chart::{Chart, Line};
use cnn_diagram::sheet::{Shape, Sheet};
use cnn_diagram::text::count;
use cnn_diagram::theme::Paint;

use crate::run::{Epoch, Measured, Step};

/// Width of the drawing.
const WIDTH: f32 = 720.0;
const MARGIN: f32 = 16.0;
/// Sizes of text.
const TITLE: f32 = 16.0;
const TEXT: f32 = 12.0;
/// The most points of a line: more are averaged.
const POINTS: usize = 360;

/// Comma-separated values: a line for the loss of each step, and for the loss and the accuracy of each epoch, on the training and
/// the validation images. `batch` is the number of images of a step.
#[must_use]
pub fn csv(steps: &[Step], epochs: &[Epoch], batch: usize) -> String {
    let per_epoch = steps.len() / epochs.len().max(1);
    let has_accuracy = epochs.iter().any(|epoch| epoch.training.accuracy.is_some());
    let accuracy = |accuracy: Option<f32>| accuracy.map(|accuracy| accuracy.to_string()).unwrap_or_default();
    let mut text = "part,epoch,step,loss,accuracy\n".to_owned();
    for (index, step) in steps.iter().enumerate() {
        let share = has_accuracy.then(|| step.hits as f32 / batch as f32);
        let _ = writeln!(text, "step,{},{},{},{}", index / per_epoch.max(1) + 1, index + 1, step.loss, accuracy(share));
    }
    for epoch in epochs {
        for (part, measured) in [("training", Some(epoch.training)), ("validation", epoch.validation)] {
            if let Some(measured) = measured {
                let (number, step) = (epoch.epoch, epoch.epoch * per_epoch);
                let _ = writeln!(text, "{part},{number},{step},{},{}", measured.loss, accuracy(measured.accuracy));
            }
        }
    }
    text
}

/// The loss and, for nets with classes, the accuracy over time, as an SVG drawing.
#[must_use]
pub fn svg(net: &str, steps: &[Step], epochs: &[Epoch], theme: Theme) -> String {
    let title = format!("{net}: training");
    let mut shapes = vec![Shape::text(MARGIN, MARGIN + 13.0, TITLE, &title).bold()];
    shapes.push(Shape::text(MARGIN, MARGIN + 30.0, TEXT, summary(epochs)).fill(Paint::Muted));
    let per_epoch = steps.len() as f64 / epochs.len().max(1) as f64;
    let of_steps: Vec<[f64; 2]> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| [(index as f64 + 0.5) / per_epoch.max(1.0), f64::from(step.loss)])
        .collect();
    let losses = lines(epochs, |measured| Some(measured.loss));
    let accuracies = lines(epochs, |measured| measured.accuracy.map(|share| 100.0 * share));
    let mut top = MARGIN + 40.0;
    let thin = averaged(&of_steps);
    let chart = of_losses(top, epochs.len(), losses.iter().flatten().chain(&thin));
    shapes.extend(chart.draw(&lines_of(thin, losses)));
    top += Chart::HEIGHT;
    if accuracies.iter().any(|line| !line.is_empty()) {
        let (chart, shown) = of_accuracies(top, epochs.len(), accuracies);
        shapes.extend(chart.draw(&lines_of(Vec::new(), shown)));
        top += Chart::HEIGHT;
    }
    Sheet { title: &title, size: [WIDTH, top], width: WIDTH, theme }.write(shapes)
}

fn summary(epochs: &[Epoch]) -> String {
    let mut text = count(epochs.len() as u64, "epoch");
    let last = epochs.last().map(|epoch| [("training", Some(epoch.training)), ("validation", epoch.validation)]);
    for (part, measured) in last.into_iter().flatten() {
        if let Some(Measured { loss, accuracy }) = measured.filter(|measured| measured.loss.is_finite()) {
            let _ = write!(text, " · {part}: loss {loss:.4}");
            if let Some(accuracy) = accuracy {
                let _ = write!(text, ", {:.2} % right", 100.0 * accuracy);
            }
        }
    }
    text
}

/// A number of each epoch: for training, in the middle of the epoch, since it is a mean over its steps; for validation, at its end.
fn lines(epochs: &[Epoch], of: impl Fn(Measured) -> Option<f32>) -> [Vec<[f64; 2]>; 2] {
    let line = |before: f64, part: fn(&Epoch) -> Option<Measured>| {
        let point = |epoch: &Epoch| Some([epoch.epoch as f64 - before, f64::from(of(part(epoch)?)?)]);
        epochs.iter().filter_map(point).filter(|[_, y]| y.is_finite()).collect()
    };
    [line(0.5, |epoch| Some(epoch.training)), line(0.0, |epoch| epoch.validation)]
}

/// Means of neighbours, so that few points are left.
fn averaged(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mean =
        |some: &[[f64; 2]]| [0, 1].map(|axis| some.iter().map(|point| point[axis]).sum::<f64>() / some.len() as f64);
    points.chunks(points.len().div_ceil(POINTS).max(1)).map(mean).collect()
}

/// Losses that differ by such a factor are drawn by their logarithms, and no more of them than this.
const WIDE: f64 = 10.0;
const WIDEST: f64 = 1e4;
/// This part of the epochs may be below the chart of the accuracy.
const EARLY: f64 = 0.125;

/// A chart over epochs.
fn chart(name: &'static str, top: f32, epochs: usize, range: [f64; 2]) -> Chart<'static> {
    Chart { name, across: "epochs →", top, width: WIDTH, columns: [0, epochs], range, is_logarithmic: false }
}

fn of_losses<'a>(top: f32, epochs: usize, points: impl Iterator<Item = &'a [f64; 2]> + Clone) -> Chart<'static> {
    let losses = points.map(|[_, loss]| *loss).filter(|loss| loss.is_finite());
    let most = losses.clone().fold(0.0, f64::max).max(1e-6);
    let least = losses.filter(|loss| *loss > 0.0).fold(most, f64::min).max(most / WIDEST);
    if most / least < WIDE {
        return chart("loss", top, epochs, [0.0, most]);
    }
    Chart { is_logarithmic: true, ..chart("loss, logarithmic", top, epochs, [least, most]) }
}

/// So high that later epochs can be told apart, with the points that are in it.
fn of_accuracies(top: f32, epochs: usize, lines: [Vec<[f64; 2]>; 2]) -> (Chart<'static>, [Vec<[f64; 2]>; 2]) {
    let late = lines.iter().flatten().filter(|[epoch, _]| *epoch > EARLY * epochs as f64);
    let least = late.map(|[_, share]| *share).fold(100.0, f64::min);
    let least = if least >= 90.0 { least.floor().min(99.0) } else { (least / 10.0).floor() * 10.0 };
    let shown = lines.map(|line| line.into_iter().filter(|[_, share]| *share >= least).collect());
    (chart("accuracy, %", top, epochs, [least, 100.0]), shown)
}

/// The lines of a chart: of each step, thin, and of each epoch.
fn lines_of(steps: Vec<[f64; 2]>, [training, validation]: [Vec<[f64; 2]>; 2]) -> [Line<'static>; 3] {
    let epochs = |name, paint, points: Vec<[f64; 2]>| Line { name, paint, thick: 2.0, point: Some("epoch"), points };
    [
        Line { name: "step", paint: Paint::Frame, thick: 1.0, point: None, points: steps },
        epochs("training", Paint::Ink, training),
        epochs("validation", Paint::Accent, validation),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happened() -> (Vec<Step>, Vec<Epoch>) {
        let steps = (0..600).map(|index| Step { loss: 2.3 / (1.0 + index as f32 / 50.0), hits: 3 }).collect();
        let measured = |loss: f32, accuracy| Measured { loss, accuracy: Some(accuracy) };
        let epoch = |epoch: usize| Epoch {
            epoch,
            training: measured(2.0 / epoch as f32, 1.0 - 0.3 / epoch as f32),
            validation: Some(measured(2.1 / epoch as f32, 0.97 - 0.3 / epoch as f32)),
        };
        (steps, (1..=6).map(epoch).collect())
    }

    #[test]
    fn curves_are_whole_drawings() {
        let (steps, epochs) = happened();
        let both = svg("A<B", &steps, &epochs, Theme::Auto);
        let document = roxmltree::Document::parse(&both).unwrap_or_else(|error| panic!("{error}: {both}"));
        let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
        for text in ["A<B: training", "loss, logarithmic", "accuracy, %", "validation", "step", "epochs →"] {
            assert!(texts.contains(&text), "{text}: {texts:?}");
        }
        // Without classes, or epochs, or with a loss that is no number.
        let numbers: Vec<Epoch> = epochs
            .iter()
            .map(|epoch| Epoch { training: Measured { loss: f32::NAN, accuracy: None }, validation: None, ..*epoch })
            .collect();
        for (steps, epochs) in [(&steps[..], &numbers[..]), (&steps[..1], &[]), (&[], &[])] {
            let drawing = svg("Net", steps, epochs, Theme::Light);
            assert!(!drawing.contains("NaN") && !drawing.contains("inf"), "{drawing}");
            assert!(!drawing.contains("accuracy"), "{drawing}");
            assert!(roxmltree::Document::parse(&drawing).is_ok());
        }
    }

    #[test]
    fn later_epochs_can_be_told_apart() {
        let point = |loss| [1.0, loss];
        let chart = |losses: &[[f64; 2]]| of_losses(0.0, 1, losses.iter());
        let narrow = chart(&[point(2.0), point(0.5), point(f64::NAN)]);
        assert_eq!((narrow.is_logarithmic, narrow.range), (false, [0.0, 2.0]));
        let wide = chart(&[point(2.0), point(0.02), point(0.0)]);
        assert_eq!((wide.is_logarithmic, wide.range), (true, [0.02, 2.0]));
        assert!(chart(&[point(1.0), point(1e-30)]).range[0] >= 1e-4 && chart(&[]).range[1] > 0.0);
        let line: Vec<[f64; 2]> = (1..=16).map(|epoch| [f64::from(epoch), 99.0 - 60.0 / f64::from(epoch)]).collect();
        let (chart, [shown, _]) = of_accuracies(0.0, 16, [line, Vec::new()]);
        assert_eq!((chart.range, shown.len()), ([70.0, 100.0], 14));
    }

    #[test]
    fn tables_have_a_line_for_each_step_and_part() {
        let (steps, epochs) = happened();
        let table = csv(&steps, &epochs, 4);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 1 + 600 + 12);
        assert_eq!(lines[..2], ["part,epoch,step,loss,accuracy", "step,1,1,2.3,0.75"]);
        assert!(lines[601].starts_with("training,1,100,2,0.7"), "{}", lines[601]);
        assert!(lines[612].starts_with("validation,6,600,0.35"), "{}", lines[612]);
    }
}
