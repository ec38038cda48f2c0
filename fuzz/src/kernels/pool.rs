//! Pooling.

use cnn_net::op::Size;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::pool::{
    AdaptivePool, ChannelPool, adaptive_avg_pool, adaptive_max_pool, channel_max, channel_mean,
};
use cnn_runtime::kernels::pool::{GlobalPool, Pool2d, avg_pool, global_avg_pool, global_max_pool, max_pool};
use cnn_runtime::place::workspace::Batch;

use super::maker::{Maker, of_map, of_padding, of_size};
use super::{Case, Writes};

#[derive(Debug)]
struct Windows {
    max: bool,
    pool: Pool2d,
}

pub(super) fn pool(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (size, kernel, stride, dilation) = (maker.size(12), maker.size(4), maker.size(3), maker.size(2));
    let channels = maker.channels();
    let (conv, computed) = maker.conv(size, kernel, stride, dilation);
    let (input, output) = (maker.plain(size, channels), maker.plain(computed, channels));
    let (max, count_include_pad) = (maker.choices.once_in(2), maker.choices.once_in(2));
    let pool = Pool2d { input, output, kernel, stride, pad: conv.pad, dilation, count_include_pad };
    Box::new(Windows { max, pool })
}

impl Case for Windows {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let Pool2d { input, output, kernel, stride, pad, dilation, .. } = &mut self.pool;
        let maps = [input, output].into_iter().flat_map(of_map);
        maps.chain([kernel, stride, dilation].into_iter().flat_map(of_size)).chain(of_padding(pad)).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        if self.max {
            max_pool(run, &self.pool.check(), ws);
        } else {
            avg_pool(run, &self.pool.check(), ws);
        }
    }

    fn writes(&self) -> Writes {
        self.pool.output.into()
    }
}

#[derive(Debug)]
struct Global {
    max: bool,
    pool: GlobalPool,
}

pub(super) fn global(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (size, channels) = (maker.size(12), maker.channels());
    let (input, output) = (maker.plain(size, channels), maker.plain(Size::square(1), channels));
    Box::new(Global { max: maker.choices.once_in(2), pool: GlobalPool { input, output } })
}

impl Case for Global {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.pool.input, &mut self.pool.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        let pool = if self.max { global_max_pool } else { global_avg_pool };
        pool(run, &self.pool.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.pool.output.into()
    }
}

#[derive(Debug)]
struct Adaptive {
    max: bool,
    pool: AdaptivePool,
}

pub(super) fn adaptive(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (size, parts, channels) = (maker.size(12), maker.size(9), maker.channels());
    let (input, output) = (maker.plain(size, channels), maker.plain(parts, channels));
    Box::new(Adaptive { max: maker.choices.once_in(2), pool: AdaptivePool { input, output } })
}

impl Case for Adaptive {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.pool.input, &mut self.pool.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        let pool = if self.max { adaptive_max_pool } else { adaptive_avg_pool };
        pool(run, &self.pool.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.pool.output.into()
    }
}

#[derive(Debug)]
struct Channels {
    max: bool,
    pool: ChannelPool,
}

pub(super) fn channels(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (size, channels) = (maker.size(12), maker.channels());
    let (input, output) = (maker.plain(size, channels), maker.plain(size, 1));
    Box::new(Channels { max: maker.choices.once_in(2), pool: ChannelPool { input, output } })
}

impl Case for Channels {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.pool.input, &mut self.pool.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        let pool = if self.max { channel_max } else { channel_mean };
        pool(run, &self.pool.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.pool.output.into()
    }
}
