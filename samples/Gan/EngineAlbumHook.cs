using Compat.Engine;
using Compat.Engine.Hooks;
using Gan.Models;

namespace Gan;

/// <summary>Shows the generator to the album after each epoch of the engine.</summary>
internal sealed class EngineAlbumHook(Album album) : Hook
{
    public override void AfterTrainEpoch(Runner runner) => album.Look(((EngineGan)runner.Model).Generator, runner.Progress.Epoch + 1);
}
