//! Values in and out of the workspace, copies, halos.

use cnn_net::op::Padding;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::layout::{self, CopyMap, Halo, StoreChw};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;

use super::maker::{Maker, of_map, of_padding};
use super::{Case, Writes};
use crate::choose::noise;

fn map(maker: &mut Maker<'_, '_>) -> Map {
    let (size, channels) = (maker.size(20), maker.channels());
    maker.plain(size, channels)
}

#[derive(Debug)]
struct Load {
    map: Map,
    /// Floats of the image.
    image: usize,
}

pub(super) fn load(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let map = map(maker);
    Box::new(Load { map, image: map.elements() })
}

impl Case for Load {
    fn numbers(&mut self) -> Vec<&mut usize> {
        of_map(&mut self.map).into_iter().chain([&mut self.image]).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        let image: Vec<f32> = noise(1).take(self.image.min(ws.len())).collect();
        layout::load_chw(run, &image, &self.map.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.map.into()
    }
}

#[derive(Debug)]
struct Store {
    map: Map,
    offset: usize,
}

pub(super) fn store(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let map = map(maker);
    Box::new(Store { map, offset: maker.scratch(map.elements()) })
}

impl Case for Store {
    fn numbers(&mut self) -> Vec<&mut usize> {
        of_map(&mut self.map).into_iter().chain([&mut self.offset]).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        layout::store_chw(run, &StoreChw { map: self.map, offset: self.offset }.check(), ws);
    }

    fn writes(&self) -> Writes {
        Map::vector(self.offset, self.map.elements()).into()
    }
}

#[derive(Debug)]
struct Copy {
    input: Map,
    output: Map,
}

pub(super) fn copy(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let input = map(maker);
    Box::new(Copy { input, output: maker.same(input) })
}

impl Case for Copy {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.input, &mut self.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        layout::copy(run, &CopyMap { input: self.input, output: self.output }.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

#[derive(Debug)]
struct ClearHalo {
    map: Map,
    halo: Padding,
}

pub(super) fn clear_halo(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (size, channels, halo) = (maker.size(9), maker.channels(), maker.padding(4));
    let map = maker.map(size, channels, &halo);
    Box::new(ClearHalo { map, halo })
}

impl Case for ClearHalo {
    fn numbers(&mut self) -> Vec<&mut usize> {
        of_map(&mut self.map).into_iter().chain(of_padding(&mut self.halo)).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        layout::clear_halo(run, &Halo { map: self.map, zeros: self.halo }.check(), ws);
    }

    fn writes(&self) -> Writes {
        let Self { map, halo } = self;
        let (height, width) = (halo.top + map.height + halo.bottom, halo.left + map.width + halo.right);
        Map { offset: map.offset - halo.top * map.row - halo.left * map.pixel, height, width, ..*map }.into()
    }
}
