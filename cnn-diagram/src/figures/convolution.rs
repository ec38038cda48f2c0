//! A convolution, step by step.

use cnn_net::op::{Conv, Padding, Shape as Extent, Size};
use cnn_runtime::reference::{Tensor, conv};

use super::Figure;
use super::parts::{Grid, LINE, Patch, WIDTH, equals, factor, heading, lines, note, number, sum, words};
use crate::layout::MARGIN;
use crate::sheet::Shape;
use crate::theme::{Kind, Paint};

/// Two filters of 3x3 over a volume of 3x5x5, with stride 2 and padding 1; the result is 2x3x3.
///
#[doc = include_str!("../../figures/convolution.svg")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convolution {
    /// The input: three maps of 5x5.
    pub input: [[f32; SIDE * SIDE]; CHANNELS],
    /// The filters, each with a window of 3x3 for each map.
    pub weight: [[[f32; WINDOW * WINDOW]; CHANNELS]; FILTERS],
    /// The term added to the sums of each filter.
    pub bias: [f32; FILTERS],
    /// The step that is written out.
    pub place: Place,
}

/// The position of one output of a convolution, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The filter.
    pub filter: usize,
    /// The row of its map.
    pub row: usize,
    /// The column of its map.
    pub column: usize,
}

const CHANNELS: usize = 3;
const FILTERS: usize = 2;
const SIDE: usize = 5;
const WINDOW: usize = 3;
const STRIDE: usize = 2;
const PAD: usize = 1;
/// The side of a padded input map, and of a map of the result.
const PADDED: usize = SIDE + 2 * PAD;
const RESULT: usize = (PADDED - WINDOW) / STRIDE + 1;

/// The size of a cell of the large grids, and of the small ones that show all steps.
const CELL: f32 = 22.0;
const SMALL: f32 = 8.0;
/// The positions of grids: input, both filters, results, and products.
const COLUMNS: [f32; 5] = [MARGIN, 212.0, 318.0, 434.0, 548.0];
/// The height of the row for an input map, and of a step.
const BAND: f32 = 190.0;
const STEP: [f32; 2] = [(WIDTH - 2.0 * MARGIN) / RESULT as f32, 84.0];

impl Default for Convolution {
    fn default() -> Self {
        Self {
            input: [
                [2., 0., 1., 1., 0., 1., 2., 0., 2., 1., 0., 1., 2., 0., 1., 1., 0., 1., 2., 2., 0., 2., 1., 0., 1.],
                [0., 1., 2., 0., 1., 2., 1., 0., 1., 0., 1., 0., 2., 2., 1., 0., 2., 1., 0., 2., 1., 1., 0., 1., 0.],
                [1., 1., 0., 2., 0., 0., 2., 1., 0., 1., 2., 0., 1., 1., 2., 1., 0., 2., 0., 1., 0., 1., 0., 2., 1.],
            ],
            weight: [
                [
                    [1., 0., -1., 0., 1., 0., -1., 0., 1.],
                    [0., 1., 0., -1., 1., 1., 0., -1., 0.],
                    [-1., 0., 1., 1., 0., -1., 0., 1., 0.],
                ],
                [
                    [0., -1., 1., 1., 0., 0., -1., 1., 0.],
                    [1., 0., 0., 0., -1., 1., 1., 0., -1.],
                    [0., 1., -1., 0., 1., 0., -1., 0., 1.],
                ],
            ],
            bias: [1.0, 0.0],
            place: Place { filter: 0, row: 1, column: 1 },
        }
    }
}

impl Convolution {
    /// The output of the layer.
    #[must_use]
    pub fn output(&self) -> Tensor {
        let weight = self.weight.as_flattened().as_flattened();
        let input = Tensor::new(Extent::map(CHANNELS, SIDE, SIDE), self.input.as_flattened());
        conv(&layer(true), &input, weight, Some(&self.bias))
    }

    /// The contribution of one input map to it.
    fn part(&self, channel: usize) -> Tensor {
        let weight = self.weight.map(|filter| filter[channel]);
        let input = Tensor::new(Extent::map(1, SIDE, SIDE), &self.input[channel]);
        conv(&layer(false), &input, weight.as_flattened(), None)
    }

    /// The figure.
    ///
    /// # Panics
    ///
    /// If the step that is to be written out is outside of the result.
    pub fn figure(&self) -> Figure {
        let title = "Convolution, step by step";
        let text = "Two filters of 3×3, stride 2, padding 1, on an input of 3×5×5. The padding is a border of zeros, so windows \
                    lie on 7×7; the result is 2×3×3.";
        let (mut shapes, top) = heading(title, text);
        for channel in 0..CHANNELS {
            shapes.extend(self.band(channel, top + BAND * channel as f32));
        }
        let output = self.output();
        for filter in 0..FILTERS {
            shapes.extend(self.result(&output, filter, top + BAND * filter as f32));
        }
        shapes.extend(self.total(&output, top + BAND * 2.0));
        let below = top + BAND * CHANNELS as f32 + 26.0;
        shapes.push(words(MARGIN, below, "All steps").bold());
        let how = "one sum for each input map, and the bias; the first line is of filter 1, the second of filter 2";
        shapes.push(note(MARGIN + 70.0, below, how));
        for step in 0..RESULT * RESULT {
            shapes.push(self.step(&output, step, below + 14.0));
        }
        let about = "A filter has a window of weights for each input map. Where it lies, weights are multiplied by the numbers below \
                     them, and all products and the bias are added up to one number of the result. The same weights serve all \
                     positions."
            .to_owned();
        let height = below + 14.0 + STEP[1] * RESULT as f32 + 8.0;
        Figure { name: "convolution", title, about, shapes, height }
    }

    /// An input map with its padding.
    fn padded(&self, channel: usize) -> Vec<f64> {
        let inside = |place: usize| place.checked_sub(PAD).filter(|place| *place < SIDE);
        let cells = (0..PADDED * PADDED).map(|index| match (inside(index / PADDED), inside(index % PADDED)) {
            (Some(row), Some(column)) => self.input[channel][row * SIDE + column].into(),
            _ => 0.0,
        });
        cells.collect()
    }

    /// An input map, the windows of both filters for it, and the products of the step.
    fn band(&self, channel: usize, top: f32) -> Vec<Shape> {
        let Place { filter: chosen, row, column } = self.place;
        let (name, y) = (channel + 1, top + 20.0);
        let mut shapes = vec![words(COLUMNS[0], top + 12.0, format!("input map {name}, padded"))];
        let input = Grid {
            id: format!("convolution-input-{name}"),
            tip: format!("input map {name}, and its padding"),
            at: [COLUMNS[0], y],
            cell: [CELL; 2],
            columns: PADDED,
            values: &self.padded(channel),
        };
        shapes.push(input.draw(&patches(row, column, true)));
        for (filter, weights) in self.weight.iter().enumerate() {
            let x = COLUMNS[1 + filter];
            let grid = Grid {
                id: format!("convolution-filter-{}-{name}", filter + 1),
                tip: format!("filter {}, its window for input map {name}", filter + 1),
                at: [x, y + CELL * 2.0],
                cell: [CELL; 2],
                columns: WINDOW,
                values: &weights[channel].map(f64::from),
            };
            let tint = Patch::tint(0..WINDOW, 0..WINDOW, Paint::Kind(Kind::Convolution)).framed();
            shapes.push(grid.draw(if filter == chosen { std::slice::from_ref(&tint) } else { &[] }));
            shapes.push(note(x, y + CELL * 2.0 - 8.0, format!("filter {}", filter + 1)));
            if channel + 1 == CHANNELS {
                let bias = format!("bias {}", number(self.bias[filter].into()));
                shapes.push(words(x, grid.bottom() + 18.0, bias));
            }
        }
        shapes.extend(self.products(channel, y));
        shapes
    }

    /// The products of one map in the step that is written out.
    fn products(&self, channel: usize, top: f32) -> Vec<Shape> {
        let Place { filter, row, column } = self.place;
        let padded = self.padded(channel);
        let mut shapes =
            vec![note(COLUMNS[4], top + 36.0, format!("input map {} × filter {}", channel + 1, filter + 1))];
        for down in 0..WINDOW {
            let products = (0..WINDOW).map(|across| {
                let input = padded[(row * STRIDE + down) * PADDED + column * STRIDE + across];
                let weight = self.weight[filter][channel][down * WINDOW + across];
                format!("{}·{}", factor(input), factor(weight.into()))
            });
            let end = if down + 1 < WINDOW { " +" } else { "" };
            let line = products.collect::<Vec<_>>().join(" + ") + end;
            shapes.push(words(COLUMNS[4], top + 36.0 + LINE * (down + 1) as f32, line));
        }
        let part = self.part(channel).at(filter, row, column);
        shapes.push(words(COLUMNS[4], top + 36.0 + LINE * 4.0, equals(part)).bold());
        shapes
    }

    /// A map of the result.
    fn result(&self, output: &Tensor, filter: usize, top: f32) -> Vec<Shape> {
        let y = top + 20.0 + CELL * 2.0;
        let area = RESULT * RESULT;
        let grid = Grid {
            id: format!("convolution-output-{}", filter + 1),
            tip: format!("the result of filter {}", filter + 1),
            at: [COLUMNS[3], y],
            cell: [CELL; 2],
            columns: RESULT,
            values: &output.data[filter * area..][..area],
        };
        let Place { filter: chosen, row, column } = self.place;
        let tint = Patch::tint(row..row + 1, column..column + 1, Paint::Kind(Kind::Convolution)).framed();
        let patches = if filter == chosen { std::slice::from_ref(&tint) } else { &[] };
        vec![grid.draw(patches), note(COLUMNS[3], y - 8.0, format!("result of filter {}", filter + 1))]
    }

    /// The sum of the step that is written out.
    fn total(&self, output: &Tensor, top: f32) -> Vec<Shape> {
        let y = top + 20.0 + 36.0 + LINE * 5.6;
        let Place { filter, row, column } = self.place;
        let text = self.terms(output, self.place);
        let what = format!("result of filter {}, row {}, column {}:", filter + 1, row + 1, column + 1);
        vec![note(COLUMNS[4], y, what), words(COLUMNS[4], y + LINE, text).bold()]
    }

    /// The sums of all input maps, the bias, and the total.
    fn terms(&self, output: &Tensor, Place { filter, row, column }: Place) -> String {
        let parts = (0..CHANNELS).map(|channel| self.part(channel).at(filter, row, column));
        let terms = sum(parts.chain([self.bias[filter].into()]));
        format!("{terms} {}", equals(output.at(filter, row, column)))
    }

    /// Where the windows lie in a step, and the results of both filters there.
    fn step(&self, output: &Tensor, step: usize, top: f32) -> Shape {
        let [row, column] = [step / RESULT, step % RESULT];
        let [x, y] = [MARGIN + STEP[0] * column as f32, top + STEP[1] * row as f32];
        let mut group = Shape::group().set("id", format!("convolution-step-{}", step + 1));
        let mut frames = Vec::new();
        for patch in patches(row, column, (row, column) == (self.place.row, self.place.column)) {
            let [left, above] = [patch.columns.start, patch.rows.start].map(|cells| SMALL * cells as f32);
            let [wide, high] = [patch.columns.len(), patch.rows.len()].map(|cells| SMALL * cells as f32);
            let rect = Shape::rect(x + left, y + above, wide, high);
            if patch.is_framed {
                frames.push(rect.clone().stroke(Paint::Accent, 2.0));
            }
            group = group.with(rect.fill(patch.paint));
        }
        group = group.with(lines([x, y], [SMALL; 2], [PADDED; 2])).with_all(frames);
        let left = x + SMALL * PADDED as f32 + 10.0;
        group = group.with(note(left, y + 12.0, format!("row {}, column {}", row + 1, column + 1)));
        for filter in 0..FILTERS {
            let text = self.terms(output, Place { filter, row, column });
            group = group.with(words(left, y + 32.0 + LINE * filter as f32, text));
        }
        group
    }
}

/// The padding, the input in it, and the window of a step.
fn patches(row: usize, column: usize, is_framed: bool) -> [Patch; 3] {
    let [top, left] = [row * STRIDE, column * STRIDE];
    let window = Patch::tint(top..top + WINDOW, left..left + WINDOW, Paint::Kind(Kind::Convolution));
    [
        Patch::tint(0..PADDED, 0..PADDED, Paint::Kind(Kind::Flatten)),
        Patch::tint(PAD..PAD + SIDE, PAD..PAD + SIDE, Paint::Paper),
        if is_framed { window.framed() } else { window },
    ]
}

/// The layer.
fn layer(bias: bool) -> Conv {
    Conv {
        filters: FILTERS,
        kernel: Size::square(WINDOW),
        stride: Size::square(STRIDE),
        pad: Padding::symmetric(PAD, PAD),
        dilation: Size::square(1),
        groups: 1,
        bias,
    }
}
