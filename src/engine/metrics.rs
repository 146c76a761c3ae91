//! How far a map is to be trusted: measures of the maps of photos that were looked at.

use std::ops::ControlFlow;

use super::{EngineError, Session};
use crate::cam::{faithfulness, sanity};
use crate::core::method::CamOptions;
use crate::core::metrics::{Faithfulness, Randomised};
use crate::core::resample::bilinear;

impl Session {
    /// How the probability of `class` answers to the map made as `options`, of a photo that was looked at; `progress`s how many
    /// passes are done, of how many.
    ///
    /// # Errors
    /// Those of [`Session::explain`].
    pub async fn faithfulness(
        &self,
        id: u32,
        options: &CamOptions,
        class: usize,
        mut progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Faithfulness, EngineError> {
        let maps = self.explain(id, options, &[class], async |done, of| progress(done, of).await).await?;
        let model = self.loaded()?;
        let size = model.card.preprocessing.size as usize;
        let map = maps.first().map_or(Vec::new(), |p| bilinear(&p.map.values, p.map.width, p.map.height, size, size));
        let x = model.card.preprocessing.normalise(&self.kept(id, &[class])?.rgb, &self.device);
        Ok(faithfulness(&model.network, x, &map, class, None, progress).await?)
    }

    /// How alike the map of `class` stays while the network's weights are made random, from the head down.
    ///
    /// # Errors
    /// Those of [`Session::explain`].
    pub async fn sanity(
        &self,
        id: u32,
        options: &CamOptions,
        class: usize,
        progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Vec<Randomised>, EngineError> {
        let model = self.loaded()?;
        let x = model.card.preprocessing.normalise(&self.kept(id, &[class])?.rgb, &self.device);
        Ok(sanity(&model.network, x, options, class, progress).await?)
    }
}
