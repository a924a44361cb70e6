using Compat.Engine.Hooks;
using Compat.Torch.Training;

namespace Compat.Adapters.Runners;

/// <summary>Passes on to the engine's hub what legacy hooks log.</summary>
/// <remarks>
/// Preserves: names, values and their weight.
/// Changes: nothing. Times come once, if the engine measures them itself.
/// Rejects: nothing.
/// </remarks>
/// <param name="engine">The engine's runner.</param>
internal sealed class LogBufferAdapter(Compat.Engine.Runner engine)
{
    private bool? isTimed;

    private bool IsTimed => isTimed ??= engine.Hooks.All.OfType<IterTimerHook>().Any();

    /// <summary>Passes values on.</summary>
    /// <param name="vars">The values.</param>
    /// <param name="count">How many samples they stand for.</param>
    public void PassOn(LogVars vars, int count)
    {
        foreach ((string name, LogValue value) in vars)
        {
            if (name is "time" or "data_time" && IsTimed)
            {
                continue;
            }

            engine.MessageHub.UpdateScalar($"train/{name}", value, weight: count);
        }
    }
}
