//! Panels of weights that are copied.

use crate::exec::divide::{div, div_ceil, div_rem};
use crate::exec::run::{Partition, Run};
use crate::pack::{ConvPanels, DenseRows, Layout, TransposedPanels, padded};
use crate::simd::{HALF_PANEL, PANEL, Simd, Sound, UnsafeKernel};

/// The panels of a layout.
#[derive(Clone, Copy)]
pub(super) enum Panels {
    Conv(ConvPanels),
    Rows(DenseRows),
    Transposed(TransposedPanels),
}

/// Numbers of a tensor in one direction: `first`, then every `step`-th.
#[derive(Clone, Copy)]
struct Taps {
    first: usize,
    step: isize,
    count: usize,
}

/// Outputs of a tensor, of which each has numbers for inputs and taps, and the panel that they become: the numbers are readable, and
/// there is room for the panel.
struct Panel {
    from: *const f32,
    /// Distances between outputs, and between inputs.
    output: usize,
    input: usize,
    inputs: usize,
    rows: Taps,
    columns: Taps,
    /// How many outputs there are, and the width of the panel.
    real: usize,
    width: usize,
    to: *mut f32,
    /// Distance between rows of the panel.
    row: usize,
}

impl Taps {
    /// All.
    const fn all(count: usize, step: usize) -> Self {
        Self { first: 0, step: step as isize, count }
    }
}

impl Panels {
    /// Those of a layout, if it has some.
    pub(super) const fn of(layout: &Layout) -> Option<Self> {
        match *layout {
            Layout::Conv(panels) => Some(Self::Conv(panels)),
            Layout::Rows(rows) => Some(Self::Rows(rows)),
            Layout::Transposed(panels) => Some(Self::Transposed(panels)),
            Layout::Winograd(_)
            | Layout::Columns(_)
            | Layout::F16(_)
            | Layout::RowsF16(_)
            | Layout::Depthwise(_)
            | Layout::ScaleShift { .. }
            | Layout::Gains { .. }
            | Layout::Slopes { .. }
            | Layout::Tensors { .. } => None,
        }
    }

    /// Copies the panels of a partition, and their biases.
    ///
    /// # Safety
    ///
    /// The tensor is at `from`, the biases at `bias`, and there is room for all panels at `to`.
    pub(super) unsafe fn copy(
        self,
        run: Run<'_>,
        partition: Partition,
        from: *const f32,
        bias: Option<*const f32>,
        to: *mut f32,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Self::Conv(panels) => {
                    let (inputs, kernel) = (panels.inputs, panels.kernel);
                    let area = kernel.area();
                    let source = Source {
                        from,
                        group: panels.outputs * inputs * area,
                        output: inputs * area,
                        input: area,
                        rows: Taps::all(kernel.height, kernel.width),
                        columns: Taps::all(kernel.width, 1),
                    };
                    source.panels(run, panels, partition, bias, to);
                }
                Self::Rows(rows) => copy_rows(run, rows, partition, from, bias, to),
                Self::Transposed(panels) => copy_phases(run, panels, partition, from, bias, to),
            }
        }
    }
}

/// A tensor by groups, outputs, inputs and taps.
struct Source {
    from: *const f32,
    /// Distances.
    group: usize,
    output: usize,
    input: usize,
    rows: Taps,
    columns: Taps,
}

impl Source {
    /// # Safety
    ///
    /// As for [`Panels::copy`].
    unsafe fn panels(
        &self,
        run: Run<'_>,
        panels: ConvPanels,
        partition: Partition,
        bias: Option<*const f32>,
        to: *mut f32,
    ) {
        let ConvPanels { groups, outputs, inputs, .. } = panels;
        let of_group = div_ceil(outputs, PANEL);
        for index in partition.of(groups * of_group) {
            let (group, panel) = div_rem(index, of_group);
            let first = panel * PANEL;
            let rest = outputs - first;
            let width = if rest > HALF_PANEL { PANEL } else { HALF_PANEL };
            let to = to.wrapping_add(group * panels.group_len() + first * (panels.depth() + 1));
            let panel = Panel {
                from: self.from.wrapping_add(group * self.group + first * self.output),
                output: self.output,
                input: self.input,
                inputs,
                rows: self.rows,
                columns: self.columns,
                real: rest.min(width),
                width,
                to: to.wrapping_add(width),
                row: width,
            };
            // SAFETY: the caller's promise; each panel has its own place.
            unsafe {
                copy_biases(bias.map(|bias| bias.wrapping_add(group * outputs + first)), rest.min(width), to, width);
                run.part(Sound::new(&panel));
            }
        }
    }
}

/// # Safety
///
/// As for [`Panels::copy`].
unsafe fn copy_rows(
    run: Run<'_>,
    rows: DenseRows,
    partition: Partition,
    from: *const f32,
    bias: Option<*const f32>,
    to: *mut f32,
) {
    let DenseRows { outputs, inputs, pixels } = rows;
    let row = padded(outputs);
    for panel in partition.of(div(row, PANEL)) {
        let first = panel * PANEL;
        let real = (outputs - first).min(PANEL);
        let panel = Panel {
            from: from.wrapping_add(first * rows.depth()),
            output: rows.depth(),
            input: pixels,
            inputs,
            rows: Taps::all(1, 0),
            columns: Taps::all(pixels, 1),
            real,
            width: PANEL,
            to: to.wrapping_add(row + first),
            row,
        };
        // SAFETY: the caller's promise; each panel has its own columns.
        unsafe {
            copy_biases(bias.map(|bias| bias.wrapping_add(first)), real, to.wrapping_add(first), PANEL);
            run.part(Sound::new(&panel));
        }
    }
}

/// # Safety
///
/// As for [`Panels::copy`].
unsafe fn copy_phases(
    run: Run<'_>,
    panels: TransposedPanels,
    partition: Partition,
    from: *const f32,
    bias: Option<*const f32>,
    to: *mut f32,
) {
    let TransposedPanels { groups, outputs, inputs, kernel, stride, .. } = panels;
    let area = kernel.area();
    let [vertical, horizontal] = panels.axes();
    let mut to = to;
    for phase in 0..stride.area() {
        let (row, column) = div_rem(phase, stride.width);
        let [rows, columns] = [vertical.taps(row), horizontal.taps(column)];
        let taps = |taps: crate::pack::phases::Taps, distance: usize| Taps {
            first: taps.last * distance,
            step: -((taps.step * distance) as isize),
            count: taps.count,
        };
        let source = Source {
            from,
            group: inputs * outputs * area,
            output: area,
            input: outputs * area,
            rows: taps(rows, kernel.width),
            columns: taps(columns, 1),
        };
        let kernel = cnn_net::op::Size::new(rows.count, columns.count);
        let phase = ConvPanels { groups, outputs, inputs, kernel };
        // SAFETY: the caller's promise; phases are packed one after another.
        unsafe { source.panels(run, phase, partition, bias, to) };
        to = to.wrapping_add(phase.len());
    }
}

/// Biases of a panel, or zeros, and zeros after them.
///
/// # Safety
///
/// There are as many, and room for them.
unsafe fn copy_biases(bias: Option<*const f32>, real: usize, to: *mut f32, width: usize) {
    for column in 0..width {
        let bias = bias.filter(|_| column < real);
        // SAFETY: the caller's promise.
        unsafe { *to.wrapping_add(column) = bias.map_or(0.0, |bias| *bias.wrapping_add(column)) };
    }
}

impl Panel {
    /// # Safety
    ///
    /// The numbers are readable, and there is room for the panel.
    #[inline(always)]
    unsafe fn copy(&self) {
        // SAFETY: the caller's promise.
        unsafe {
            if self.real == PANEL {
                // With numbers that the compiler knows.
                self.copy_wide(PANEL, PANEL);
            } else {
                self.copy_wide(self.real, self.width);
            }
        }
    }

    /// # Safety
    ///
    /// As for [`copy`](Self::copy).
    #[inline(always)]
    unsafe fn copy_wide(&self, real: usize, width: usize) {
        let Self { rows, columns, inputs, .. } = *self;
        for input in 0..inputs {
            let from = self.from.wrapping_add(input * self.input);
            let mut to = self.to.wrapping_add(input * self.row);
            for y in 0..rows.count {
                let from = from.wrapping_add(rows.first).wrapping_offset(y as isize * rows.step);
                for x in 0..columns.count {
                    let from = from.wrapping_add(columns.first).wrapping_offset(x as isize * columns.step);
                    for column in 0..width {
                        // SAFETY: the caller's promise.
                        unsafe {
                            let weight = if column < real { *from.wrapping_add(column * self.output) } else { 0.0 };
                            *to.wrapping_add(column) = weight;
                        }
                    }
                    to = to.wrapping_add(inputs * self.row);
                }
            }
        }
    }

    /// How many weights an output has, if they are next to each other: taps of the first input, then those of the next.
    const fn depth(&self) -> Option<usize> {
        let Self { rows, columns, input, inputs, .. } = *self;
        let area = rows.count * columns.count;
        let together = columns.step == 1 && (rows.count == 1 || rows.step == columns.count as isize);
        if together && rows.first == 0 && columns.first == 0 && input == area { Some(inputs * area) } else { None }
    }
}

/// Outputs that are transposed at a time.
const ROWS: usize = 8;

impl UnsafeKernel for &Panel {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        // SAFETY: the description of the type.
        unsafe {
            match self.depth() {
                Some(depth) => self.transpose(s, depth),
                None => self.copy(),
            }
        }
    }
}

impl Panel {
    /// Copies squares of weights, whose lines would not stay in the cache one by one: outputs may be a multiple of a page apart.
    ///
    /// # Safety
    ///
    /// As for [`copy`](Self::copy), and each output has `depth` weights next to each other.
    #[inline(always)]
    unsafe fn transpose<S: Simd>(&self, s: S, depth: usize) {
        let area = self.rows.count * self.columns.count;
        for first in (0..depth).step_by(S::LANES) {
            let lanes = S::LANES.min(depth - first);
            let mut square = [0.0; PANEL * 16];
            for output in (0..self.width).step_by(ROWS) {
                let mut rows = [s.splat(0.0); ROWS];
                for (i, row) in rows.iter_mut().enumerate().take(self.real.saturating_sub(output)) {
                    let from = self.from.wrapping_add((output + i) * self.output + first);
                    // SAFETY: these are weights of an output.
                    *row = unsafe { s.load_first(from, lanes) };
                }
                // SAFETY: no vector has more than 16 lanes, each of which has a row of a panel.
                unsafe { s.store_transposed(square.as_mut_ptr().add(output), PANEL, rows, ROWS, lanes) };
            }
            let (mut input, mut tap) = div_rem(first, area);
            for row in square.as_chunks::<PANEL>().0.iter().take(lanes) {
                let to = self.to.wrapping_add((tap * self.inputs + input) * self.row);
                // SAFETY: there is room for the panel.
                unsafe { to.copy_from_nonoverlapping(row.as_ptr(), self.width) };
                tap += 1;
                if tap == area {
                    (input, tap) = (input + 1, 0);
                }
            }
        }
    }
}
