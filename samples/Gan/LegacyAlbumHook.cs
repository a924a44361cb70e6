using Compat.Legacy;
using Compat.Legacy.Runners;
using Gan.Models;

namespace Gan;

/// <summary>Shows the generator to the album after each epoch of the old runner, or of the engine in its place.</summary>
internal sealed class LegacyAlbumHook(Album album) : Hook
{
    public override void AfterTrainEpoch(BaseRunner runner) => album.Look(((LegacyGan)runner.Model).Generator, runner.Epoch + 1);
}
