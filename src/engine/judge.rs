//! How far a map is to be trusted: measures of the maps of photos that were looked at.

use std::ops::ControlFlow;

use super::{EngineError, Session};
use crate::cam::{faithfulness, sanity};
use crate::measure::{Faithfulness, Randomised};
use crate::method::Explanation;
use crate::render::bilinear;

impl Session {
    /// How the probability of `class` answers to the map made as `wanted`, of a photo that was looked at; `tell`s how many
    /// passes are done, of how many.
    ///
    /// # Errors
    /// Those of [`Session::explain`].
    pub async fn faithfulness(
        &self,
        id: u32,
        wanted: &Explanation,
        class: usize,
        mut tell: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Faithfulness, EngineError> {
        let maps = self.explain(id, wanted, &[class], async |done, of| tell(done, of).await).await?;
        let model = self.loaded()?;
        let size = model.card.recipe.size as usize;
        let map = maps.first().map_or(Vec::new(), |p| bilinear(&p.map.values, p.map.width, p.map.height, size, size));
        let x = model.card.recipe.normalise(&self.kept(id, &[class])?.rgb, &self.device);
        Ok(faithfulness(&model.network, x, &map, class, None, tell).await?)
    }

    /// How alike the map of `class` stays while the network's weights are made random, from the head down.
    ///
    /// # Errors
    /// Those of [`Session::explain`].
    pub async fn sanity(
        &self,
        id: u32,
        wanted: &Explanation,
        class: usize,
        tell: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Vec<Randomised>, EngineError> {
        let model = self.loaded()?;
        let x = model.card.recipe.normalise(&self.kept(id, &[class])?.rgb, &self.device);
        Ok(sanity(&model.network, x, wanted, class, tell).await?)
    }
}
