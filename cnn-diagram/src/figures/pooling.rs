//! Max, average and global average pooling of one map.

use cnn_net::op::{Padding, Pool, Shape as Extent, Size};
use cnn_runtime::reference::{Tensor, avg_pool, global_avg_pool, max_pool};

use super::Figure;
use super::parts::{Grid, LINE, Patch, WIDTH, WORDS, arrow, equals, heading, number, sum, words};
use crate::layout::MARGIN;
use crate::sheet::Shape;
use crate::text::wrap;
use crate::theme::{Kind, Paint};

/// A map of 4x4, reduced in three ways.
///
#[doc = include_str!("../../figures/pooling.svg")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooling {
    /// The map, row by row.
    pub map: [f32; SIDE * SIDE],
}

const SIDE: usize = 4;
const WINDOW: usize = 2;
const CELL: f32 = 30.0;
/// The height of one kind of pooling.
const BAND: f32 = 170.0;
/// Where results and computations begin.
const RESULT: f32 = MARGIN + CELL * SIDE as f32 + 44.0;
const WORKED: f32 = RESULT + CELL * WINDOW as f32 + 26.0;

impl Default for Pooling {
    fn default() -> Self {
        Self { map: [1., 3., 2., 0., 5., 2., 4., 1., 0., 1., 6., 2., 2., 1., 3., 8.] }
    }
}

/// A way to reduce a map.
struct Way {
    id: &'static str,
    name: &'static str,
    kind: Kind,
    output: Tensor,
    /// How many numbers become one, in each direction.
    window: usize,
    worked: fn(&[f64], f64) -> String,
}

impl Pooling {
    /// The figure.
    pub fn figure(&self) -> Figure {
        let title = "Pooling";
        let text = "A map of 4×4 is reduced: each window of 2×2, stride 2, or the whole map gives one number.";
        let (mut shapes, top) = heading(title, text);
        let ways = self.ways();
        for (index, way) in ways.iter().enumerate() {
            shapes.extend(self.band(way, top + BAND * index as f32));
        }
        let about = "Each map is pooled separately, and there is nothing to learn. Max pooling keeps the strongest response of a window, \
                     average pooling the mean; global average pooling leaves one number per map. A small shift of the image \
                     changes the results only a little."
            .to_owned();
        Figure { name: "pooling", title, about, shapes, height: top + BAND * ways.len() as f32 - 6.0 }
    }

    fn ways(&self) -> [Way; 3] {
        let input = Tensor::new(Extent::map(1, SIDE, SIDE), &self.map);
        let pool = Pool {
            kernel: Size::square(WINDOW),
            stride: Size::square(WINDOW),
            pad: Padding::NONE,
            dilation: Size::square(1),
            ceil: false,
            count_include_pad: true,
        };
        let mean = |values: &[f64], result: f64| {
            format!("({}) / {} {}", sum(values.iter().copied()), values.len(), equals(result))
        };
        let largest = |values: &[f64], result: f64| {
            let values: Vec<String> = values.iter().map(|value| number(*value)).collect();
            format!("max({}) {}", values.join(", "), equals(result))
        };
        [
            Way {
                id: "max",
                name: "max pooling",
                kind: Kind::MaxPool,
                output: max_pool(&pool, &input),
                window: WINDOW,
                worked: largest,
            },
            Way {
                id: "avg",
                name: "average pooling",
                kind: Kind::AvgPool,
                output: avg_pool(&pool, &input),
                window: WINDOW,
                worked: mean,
            },
            Way {
                id: "global",
                name: "global average pooling",
                kind: Kind::GlobalPool,
                output: global_avg_pool(&input),
                window: SIDE,
                worked: mean,
            },
        ]
    }

    /// The map, its result, and the computation.
    fn band(&self, way: &Way, top: f32) -> Vec<Shape> {
        let windows = SIDE / way.window;
        let grid = |id: &str, tip: String, at, columns, values| Grid {
            id: format!("pooling-{}-{id}", way.id),
            tip,
            at,
            cell: [CELL; 2],
            columns,
            values,
        };
        let values = self.map.map(f64::from);
        let input = grid("input", "the map".to_owned(), [MARGIN, top + 22.0], SIDE, &values);
        let corner = input.centre()[1] - CELL * windows as f32 / 2.0;
        let output = grid("output", format!("what {} gives", way.name), [RESULT, corner], windows, &way.output.data);
        let mut shapes = vec![
            words(MARGIN, top + 12.0, way.name).bold(),
            input.draw(&chequers(windows, way.window, way.kind)),
            arrow([input.right() + 10.0, input.centre()[1]], [RESULT - 10.0, input.centre()[1]]),
            output.draw(&chequers(windows, 1, way.kind)),
        ];
        let worked = way.output.data.iter().enumerate().map(|(index, result)| {
            let [row, column] = [index / windows, index % windows].map(|window| window * way.window);
            let cells = (0..way.window * way.window).map(|cell| [row + cell / way.window, column + cell % way.window]);
            let cells: Vec<f64> = cells.map(|[row, column]| values[row * SIDE + column]).collect();
            (way.worked)(&cells, *result)
        });
        let text: Vec<String> = worked.flat_map(|line| wrap(&line, WORDS, WIDTH - MARGIN - WORKED)).collect();
        let first = input.centre()[1] - LINE * (text.len() - 1) as f32 / 2.0 + 4.0;
        shapes.extend(text.iter().enumerate().map(|(line, text)| words(WORKED, first + LINE * line as f32, text)));
        shapes
    }
}

/// Every second window in the colour of its kind, so that windows can be distinguished.
fn chequers(windows: usize, side: usize, kind: Kind) -> Vec<Patch> {
    let coloured = (0..windows * windows).map(|window| [window / windows, window % windows]);
    let coloured = coloured.filter(|[row, column]| (row + column).is_multiple_of(2));
    let part = |window: usize| window * side..(window + 1) * side;
    coloured.map(|[row, column]| Patch::tint(part(row), part(column), Paint::Kind(kind))).collect()
}
