using Compat.Engine.Hooks;
using Compat.Legacy.Runners;
using Compat.Torch.Training;

namespace Compat.Adapters.Runners;

/// <summary>Passes on to the engine's hub what legacy hooks log.</summary>
/// <remarks>
/// Preserves: names, values and their weight.
/// Changes: nothing. Times come once, if the engine measures them itself.
/// Rejects: nothing.
/// </remarks>
/// <param name="engine">The engine's runner.</param>
/// <param name="legacy">The runner whose hooks log; values of a validation stay apart.</param>
internal sealed class LogBufferAdapter(Compat.Engine.Runner engine, BaseRunner legacy)
{
    private readonly Dictionary<string, string> trainKeys = [];
    private readonly Dictionary<string, string> valKeys = [];
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

            engine.MessageHub.UpdateScalar(KeyOf(name), value, weight: count);
        }
    }

    // A hook logs the same names in every iteration.
    private string KeyOf(string name)
    {
        bool validates = legacy.Mode == "val";
        Dictionary<string, string> keys = validates ? valKeys : trainKeys;
        if (!keys.TryGetValue(name, out string? key))
        {
            key = validates ? $"val/{name}" : $"train/{name}";
            keys.Add(name, key);
        }

        return key;
    }
}
