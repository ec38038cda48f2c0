//! Local response normalisation of a few maps.

use cnn_net::op::{Lrn, LrnWindow, Shape as Extent};
use cnn_runtime::reference::{Tensor, lrn};

use super::Figure;
use super::parts::{Grid, LINE, Patch, WIDTH, arrow, equals, factor, heading, note, number, subscript, words};
use crate::layout::MARGIN;
use crate::sheet::Shape;
use crate::theme::{Kind, Paint};

/// Four maps of 2x2 that suppress each other.
///
#[doc = include_str!("../../figures/lrn.svg")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalResponse {
    /// The maps.
    pub maps: [[f32; SIDE * SIDE]; MAPS],
    /// The layer.
    pub layer: Lrn,
}

const MAPS: usize = 4;
const SIDE: usize = 2;
const CELL: [f32; 2] = [44.0, 30.0];
/// The distance from a map to the next, and from inputs to results.
const ACROSS: f32 = (WIDTH - 2.0 * MARGIN) / MAPS as f32;
const DOWN: f32 = 136.0;

impl Default for LocalResponse {
    fn default() -> Self {
        let layer = Lrn { size: 2, window: LrnWindow::Paper, alpha: 1.0, beta: 1.0, k: 0.0 };
        Self { maps: [[1., 2., 0., 1.], [2., 1., 1., 3.], [1., 0., 4., 1.], [3., 2., 1., 2.]], layer }
    }
}

impl LocalResponse {
    /// The output of the layer.
    #[must_use]
    pub fn output(&self) -> Tensor {
        lrn(&self.layer, &Tensor::new(Extent::map(MAPS, SIDE, SIDE), self.maps.as_flattened()))
    }

    /// The maps whose squares are added up for a map.
    fn neighbours(&self, map: usize) -> std::ops::RangeInclusive<usize> {
        let [before, after] = self.layer.reach();
        map.saturating_sub(before)..=(map + after).min(MAPS - 1)
    }

    /// The figure.
    pub fn figure(&self) -> Figure {
        let title = "Local response normalisation";
        let Lrn { size, alpha, beta, k, .. } = self.layer;
        let [k, alpha, beta] = [k, alpha, beta].map(|value| number(value.into()));
        let text = format!(
            "b = a / (k + α Σ a²)^β. The sum is over this map and n / 2 on each side, at the same position. (k, n, α, β) = ({k}, {size}, \
             {alpha}, {beta})."
        );
        let (mut shapes, top) = heading(title, &text);
        let output = self.output();
        for map in 0..MAPS {
            let x = MARGIN + ACROSS * map as f32 + (ACROSS - CELL[0] * SIDE as f32) / 2.0;
            let squares = SIDE * SIDE;
            let input = self.grid("input", map, [x, top + 20.0], &self.maps[map].map(f64::from));
            let normalised = self.grid("output", map, [x, top + 20.0 + DOWN], &output.data[map * squares..][..squares]);
            shapes.extend([input, normalised]);
            let i = subscript(map + 1);
            shapes.push(note(x - 8.0, top + 40.0, format!("a{i}")).ending());
            shapes.push(note(x - 8.0, top + 40.0 + DOWN, format!("b{i}")).ending());
        }
        shapes.extend(self.arrows(top));
        let below = top + 20.0 + DOWN + CELL[1] * SIDE as f32 + 32.0;
        shapes.push(words(MARGIN, below, "The top left of each map").bold());
        for map in 0..MAPS {
            let y = below + LINE * (map + 1) as f32 + 4.0;
            shapes.push(words(MARGIN, y, self.worked(map, output.at(map, 0, 0))));
        }
        let about =
            "A strong response suppresses its neighbours in other maps, as neurons do. AlexNet had it after two of its \
                     convolutions; VGG's authors found that it did not help, and later nets have batch normalisation."
                .to_owned();
        Figure { name: "lrn", title, about, shapes, height: below + LINE * (MAPS + 1) as f32 }
    }

    fn grid(&self, id: &str, map: usize, at: [f32; 2], values: &[f64]) -> Shape {
        let [id, tip] = [format!("lrn-{id}-{}", map + 1), format!("{id} map {}", map + 1)];
        let corner = Patch::tint(0..1, 0..1, Paint::Kind(Kind::Lrn)).framed();
        Grid { id, tip, at, cell: CELL, columns: SIDE, values }.draw(&[corner])
    }

    /// From each map to those that it suppresses.
    fn arrows(&self, top: f32) -> Vec<Shape> {
        let middle = |map: usize| MARGIN + ACROSS * (map as f32 + 0.5);
        let from = top + 20.0 + CELL[1] * SIDE as f32 + 5.0;
        let pairs = (0..MAPS).flat_map(|to| self.neighbours(to).map(move |from| (from, to)));
        pairs
            .map(|(map, to)| {
                let aside = 10.0 * (map as f32 - to as f32).signum() * f32::from(u8::from(map != to));
                arrow([middle(map) - aside, from], [middle(to) + aside, top + 20.0 + DOWN - 5.0])
            })
            .collect()
    }

    /// The computation of the top left of a map.
    fn worked(&self, map: usize, result: f64) -> String {
        let [value, k, alpha, beta] =
            [self.maps[map][0], self.layer.k, self.layer.alpha, self.layer.beta].map(f64::from);
        let squares = self.neighbours(map).map(|map| format!("{}²", factor(self.maps[map][0].into())));
        let squares = squares.collect::<Vec<_>>().join(" + ");
        let [k, alpha, beta] = [k, alpha, beta].map(number);
        format!("b{} = {} / ({k} + {alpha} · ({squares}))^{beta} {}", subscript(map + 1), number(value), equals(result))
    }
}
