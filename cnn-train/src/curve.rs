//! What happened in a training: a drawing, and numbers.

use std::fmt::Write as _;

use cnn_diagram::Theme;
use cnn_diagram::sheet::{Shape, Sheet, px};
use cnn_diagram::text::{count, width};
use cnn_diagram::theme::Paint;

use crate::run::{Epoch, Measured, Step};

/// Width of the drawing, height of a chart, and the space around it: left, above, right, below.
const WIDTH: f32 = 720.0;
const HEIGHT: f32 = 200.0;
const SPACE: [f32; 4] = [64.0, 30.0, 24.0, 44.0];
const MARGIN: f32 = 16.0;
/// Sizes of text.
const TITLE: f32 = 16.0;
const TEXT: f32 = 12.0;
const SMALL: f32 = 10.0;
/// The most points of a line: more are averaged.
const POINTS: usize = 360;

/// Comma-separated values: a line for the loss of each step, and for the loss and the accuracy of each epoch, on the images to learn
/// from and on those to judge by. `batch` is the number of images of a step.
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

/// The loss and, of nets with classes, the accuracy over time, as an SVG drawing.
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
    let chart = Chart::of_losses(top, epochs.len(), losses.iter().flatten().chain(&thin));
    shapes.extend(chart.draw(&thin, &losses));
    top += HEIGHT + SPACE[1] + SPACE[3];
    if accuracies.iter().any(|line| !line.is_empty()) {
        let (chart, shown) = Chart::of_accuracies(top, epochs.len(), accuracies);
        shapes.extend(chart.draw(&[], &shown));
        top += HEIGHT + SPACE[1] + SPACE[3];
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

/// A number of each epoch: on the images to learn from, in its middle, since that is a mean over its steps; and on those to judge by, at
/// its end.
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

/// A chart over epochs.
struct Chart {
    name: &'static str,
    top: f32,
    epochs: usize,
    range: [f64; 2],
    is_logarithmic: bool,
}

/// Losses that differ by such a factor are drawn by their logarithms, and no more of them than this.
const WIDE: f64 = 10.0;
const WIDEST: f64 = 1e4;
/// This part of the epochs may be below the chart of the accuracy.
const EARLY: f64 = 0.125;

impl Chart {
    fn of_losses<'a>(top: f32, epochs: usize, points: impl Iterator<Item = &'a [f64; 2]> + Clone) -> Self {
        let losses = points.map(|[_, loss]| *loss).filter(|loss| loss.is_finite());
        let most = losses.clone().fold(0.0, f64::max).max(1e-6);
        let least = losses.filter(|loss| *loss > 0.0).fold(most, f64::min).max(most / WIDEST);
        if most / least < WIDE {
            return Self { name: "loss", top, epochs, range: [0.0, most], is_logarithmic: false };
        }
        Self { name: "loss, logarithmic", top, epochs, range: [least, most], is_logarithmic: true }
    }

    /// So high that later epochs can be told apart, with the points that are in it.
    fn of_accuracies(top: f32, epochs: usize, lines: [Vec<[f64; 2]>; 2]) -> (Self, [Vec<[f64; 2]>; 2]) {
        let late = lines.iter().flatten().filter(|[epoch, _]| *epoch > EARLY * epochs as f64);
        let least = late.map(|[_, share]| *share).fold(100.0, f64::min);
        let least = if least >= 90.0 { least.floor().min(99.0) } else { (least / 10.0).floor() * 10.0 };
        let shown = lines.map(|line| line.into_iter().filter(|[_, share]| *share >= least).collect());
        (Self { name: "accuracy, %", top, epochs, range: [least, 100.0], is_logarithmic: false }, shown)
    }

    fn at(&self, [epoch, value]: [f64; 2]) -> [f32; 2] {
        let [value, least, most] = if self.is_logarithmic {
            [value.max(self.range[0]), self.range[0], self.range[1]].map(f64::ln)
        } else {
            [value, self.range[0], self.range[1]]
        };
        let share = (value - least) / (most - least);
        let across = epoch / self.epochs.max(1) as f64;
        let wide = WIDTH - SPACE[0] - SPACE[2];
        [SPACE[0] + wide * across as f32, self.top + SPACE[1] + HEIGHT * (1.0 - share.clamp(0.0, 1.0)) as f32]
    }

    fn draw(&self, thin: &[[f64; 2]], [training, validation]: &[Vec<[f64; 2]>; 2]) -> Vec<Shape> {
        let mut shapes = self.axes();
        shapes.extend(self.line(thin).map(|path| path.stroke(Paint::Frame, 1.0)));
        let mut right = WIDTH - SPACE[2];
        for (name, paint, line) in [("validation", Paint::Accent, validation), ("training", Paint::Ink, training)] {
            shapes.extend(self.line(line).map(|path| path.stroke(paint, 2.0)));
            shapes.extend(line.iter().map(|point| {
                let [x, y] = self.at(*point);
                let tip = format!("{name}, epoch {}: {:.4}", point[0].ceil(), point[1]);
                Shape::group().tip(tip).with(Shape::circle(x, y, 2.5).fill(paint))
            }));
            if !line.is_empty() {
                right = key(&mut shapes, name, paint, [right, self.top + 18.0], 2.0);
            }
        }
        if !thin.is_empty() {
            key(&mut shapes, "step", Paint::Frame, [right, self.top + 18.0], 1.0);
        }
        shapes
    }

    fn line(&self, points: &[[f64; 2]]) -> Option<Shape> {
        let mut path = String::new();
        for point in points.iter().filter(|point| point[1].is_finite()) {
            let [x, y] = self.at(*point);
            let _ = write!(path, "{}{} {}", if path.is_empty() { 'M' } else { 'L' }, px(x), px(y));
        }
        (!path.is_empty()).then(|| Shape::path(path))
    }

    /// Round numbers on the vertical axis, and how many decimals each has.
    fn ticks(&self) -> Vec<(f64, usize)> {
        let [least, most] = self.range;
        let decimals = |step: f64| (-step.log10().floor()).max(0.0) as usize;
        if self.is_logarithmic {
            let powers = least.log10().floor() as i32..=most.log10().floor() as i32;
            // With one digit before their zeros, or after.
            let digits: &[f64] = if most / least > 500.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
            let all = powers
                .flat_map(|power| digits.iter().map(move |digit| (digit * 10_f64.powi(power), 10_f64.powi(power))));
            let inside = all.filter(|(value, _)| (least..=most).contains(value));
            return inside.map(|(value, power)| (value, decimals(power * 1.000_001))).collect();
        }
        let step = tick(most - least, 5.0);
        let first = (least / step).ceil() as i64;
        let values = (first..).map(|index| index as f64 * step).take_while(|value| *value <= most * (1.0 + 1e-9));
        values.map(|value| (value, decimals(step))).collect()
    }

    fn axes(&self) -> Vec<Shape> {
        let (left, right, bottom) = (SPACE[0], WIDTH - SPACE[2], self.top + SPACE[1] + HEIGHT);
        let mut shapes = vec![Shape::text(left, self.top + 18.0, TEXT, self.name).bold()];
        for (value, decimals) in self.ticks() {
            let [_, y] = self.at([0.0, value]);
            shapes.push(
                Shape::path(format!("M{} {}H{}", px(left), px(y), px(right)))
                    .stroke(Paint::Kind(cnn_diagram::theme::Kind::Dropout), 1.0),
            );
            shapes.push(
                Shape::text(left - 7.0, y + 3.5, SMALL, format!("{value:.decimals$}")).ending().fill(Paint::Muted),
            );
        }
        let frame = Shape::path(format!("M{0} {1}V{2}H{3}", px(left), px(self.top + SPACE[1]), px(bottom), px(right)));
        shapes.push(frame.stroke(Paint::Line, 1.0));
        let step = tick(self.epochs as f64, 12.0).max(1.0) as usize;
        for epoch in (0..=self.epochs).step_by(step) {
            let [x, _] = self.at([epoch as f64, 0.0]);
            shapes.push(Shape::path(format!("M{} {}v4", px(x), px(bottom))).stroke(Paint::Line, 1.0));
            shapes.push(Shape::text(x, bottom + 15.0, SMALL, epoch.to_string()).centred().fill(Paint::Muted));
        }
        shapes.push(Shape::text(left, bottom + 30.0, SMALL, "epochs →").fill(Paint::Muted));
        shapes
    }
}

/// A line and its name, ending at a point; where the next one may end.
fn key(shapes: &mut Vec<Shape>, name: &str, paint: Paint, [right, y]: [f32; 2], thick: f32) -> f32 {
    let left = right - width(name, TEXT);
    shapes.push(Shape::text(left, y, TEXT, name).fill(Paint::Muted));
    shapes.push(Shape::path(format!("M{} {}h18", px(left - 24.0), px(y - 4.0))).stroke(paint, thick));
    left - 40.0
}

/// A distance between ticks, 1, 2 or 5 times a power of ten, of which about `most` are in a range.
fn tick(range: f64, most: f64) -> f64 {
    let least = range / most;
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|tick| *tick >= least).unwrap_or(10.0 * power)
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
        let chart = |losses: &[[f64; 2]]| Chart::of_losses(0.0, 1, losses.iter());
        let narrow = chart(&[point(2.0), point(0.5), point(f64::NAN)]);
        assert_eq!((narrow.is_logarithmic, narrow.range), (false, [0.0, 2.0]));
        let wide = chart(&[point(2.0), point(0.02), point(0.0)]);
        let values: Vec<f64> = wide.ticks().iter().map(|(value, _)| *value).collect();
        assert_eq!((wide.is_logarithmic, values.len()), (true, 7), "{values:?}");
        assert!((wide.at(point(0.2))[1] - SPACE[1] - HEIGHT / 2.0).abs() < 0.01);
        assert_eq!(wide.at(point(0.0)), wide.at(point(0.02)));
        assert!(chart(&[point(1.0), point(1e-30)]).range[0] >= 1e-4 && chart(&[]).range[1] > 0.0);
        let line: Vec<[f64; 2]> = (1..=16).map(|epoch| [f64::from(epoch), 99.0 - 60.0 / f64::from(epoch)]).collect();
        let (chart, [shown, _]) = Chart::of_accuracies(0.0, 16, [line, Vec::new()]);
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

    #[test]
    fn ticks_are_round() {
        assert_eq!([tick(2.3, 5.0), tick(100.0, 5.0), tick(3.0, 12.0)], [0.5, 20.0, 0.5]);
    }
}
