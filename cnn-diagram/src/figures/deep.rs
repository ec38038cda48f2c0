//! What makes deep nets hard to train, and what helps: numbers of real training runs, which `cnn-train/benches/deep_nets.rs` prints.

use super::Figure;
use super::parts::{WIDTH, heading};
use crate::chart::{Chart, Line};
use crate::theme::Paint;

/// A line for each number: the figure, the line in it, and a point.
const RUNS: &str = include_str!("deep.csv");

/// The gradients of each layer of deep nets before the first step.
#[doc = ""]
#[doc = include_str!("../../figures/deep-gradients.svg")]
pub fn deep_gradients() -> Figure {
    let text = "The size of the gradient of each layer's weights in nets of 31 convolutions, for one minibatch of digits before the first \
                step. Learning begins where gradients are large.";
    Runs {
        name: "deep-gradients",
        title: "Gradients vanish on the way back",
        text,
        about: "Nets of 31 convolutions of 3×3 with 8 channels and ReLU, with PyTorch's initial weights: the norm of the loss's \
                gradient by the weights of each layer. In a plain net, each layer passes less of it on to the one before, and the \
                first ones get nothing (Hochreiter 1991). Auxiliary classifiers after layers 10 and 20, whose losses count 0.3, \
                bring it nearer to them (Szegedy et al. 2014). Shortcuts around each two layers pass it on unchanged (He et al. 2015).",
        chart: Chart {
            name: "norm of the gradient, logarithmic",
            across: "layer, from the input to the output →",
            columns: [1, 31],
            range: [1e-16, 1.0],
            is_logarithmic: true,
            ..EMPTY
        },
        point: "layer",
    }
    .figure()
}

/// How plain nets and a residual one learn.
#[doc = ""]
#[doc = include_str!("../../figures/deep-learning.svg")]
pub fn deep_learning() -> Figure {
    let text = "The loss on 3,000 digits that nets learn from. With batch normalisation, gradients are no longer lost; still, the deeper plain \
                net is the worse one, on what it was trained with.";
    Runs {
        name: "deep-learning",
        title: "More layers, more loss: degradation, and its cure",
        text,
        about: "Training of nets of convolutions of 3×3 with 8 channels, batch normalisation and ReLU: the mean loss of each epoch. The \
                net of 41 layers could do what that of 9 does, if 32 of its layers passed on their input; it does not find that. With \
                shortcuts around each two layers, passing on is what they do at first (He et al. 2015).",
        chart: Chart { name: "loss", across: "epochs →", columns: [1, 10], range: [0.0, 2.8], ..EMPTY },
        point: "epoch",
    }
    .figure()
}

/// How a net learns with and without batch normalisation.
#[doc = ""]
#[doc = include_str!("../../figures/batch-norm-learning.svg")]
pub fn batch_norm_learning() -> Figure {
    let text = "The loss on 3,000 digits that a net of 9 convolutions learns from, with the same initial weights and the same rate.";
    Runs {
        name: "batch-norm-learning",
        title: "Batch normalisation speeds up learning",
        text,
        about: "Training of a net of 9 convolutions of 3×3 with 8 channels and ReLU, with and without batch normalisation after each of \
                them: the mean loss of each epoch (Ioffe & Szegedy 2015).",
        chart: Chart { name: "loss", across: "epochs →", columns: [1, 10], range: [0.0, 2.4], ..EMPTY },
        point: "epoch",
    }
    .figure()
}

const EMPTY: Chart<'static> =
    Chart { name: "", across: "", top: 0.0, width: WIDTH, columns: [0, 1], range: [0.0, 1.0], is_logarithmic: false };

/// A figure of some training runs.
struct Runs {
    name: &'static str,
    title: &'static str,
    text: &'static str,
    about: &'static str,
    chart: Chart<'static>,
    point: &'static str,
}

impl Runs {
    fn figure(self) -> Figure {
        let (mut shapes, top) = heading(self.title, self.text);
        let chart = Chart { top: top - 12.0, ..self.chart };
        shapes.extend(chart.draw(&lines(self.name, self.point)));
        let Self { name, title, about, .. } = self;
        Figure { name, title, about: about.to_owned(), shapes, height: chart.top + Chart::HEIGHT }
    }
}

/// The lines of a figure, in the order in which they begin.
fn lines(figure: &str, point: &'static str) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    for row in RUNS.lines().filter_map(|row| row.strip_prefix(figure)?.strip_prefix(',')) {
        let mut cells = row.split(',');
        let (Some(name), Some(Ok(x)), Some(Ok(y))) =
            (cells.next(), cells.next().map(str::parse), cells.next().map(str::parse))
        else {
            continue;
        };
        match lines.iter_mut().find(|line| line.name == name) {
            Some(line) => line.points.push([x, y]),
            None => {
                let paint = [Paint::Ink, Paint::Muted, Paint::Accent][lines.len() % 3];
                lines.push(Line { name, paint, thick: 2.0, point: Some(point), points: vec![[x, y]] });
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of a line.
    fn of(figure: &str, line: &str) -> Vec<f64> {
        let lines = lines(figure, "");
        let found = lines.iter().find(|found| found.name == line).expect(line);
        found.points.iter().map(|point| point[1]).collect()
    }

    #[test]
    fn runs_show_what_the_words_say() {
        let [plain, helped, residual] =
            ["plain", "two auxiliary classifiers", "residual"].map(|line| of("deep-gradients", line));
        assert_eq!([plain.len(), helped.len(), residual.len()], [31; 3]);
        assert!(plain[0] < 1e-9 * plain[30] && helped[0] > 1e3 * plain[0] && residual[0] > 1e-2 * residual[30]);
        let [shallow, deep, residual] =
            ["9 layers", "41 layers", "41 layers with shortcuts"].map(|line| of("deep-learning", line));
        assert!(shallow[9] < deep[9] && residual[9] < deep[9]);
        let [with, without] = ["with", "without"].map(|line| of("batch-norm-learning", line));
        assert!(with.iter().zip(&without).all(|(with, without)| with < without));
    }

    #[test]
    fn every_row_is_a_point() {
        let rows = RUNS.lines().skip(1).count();
        let figures = ["deep-gradients", "deep-learning", "batch-norm-learning"];
        let points = figures.iter().flat_map(|figure| lines(figure, "")).map(|line| line.points.len()).sum::<usize>();
        assert_eq!(points, rows);
    }
}
