using Compat.Torch.Serialization;

namespace Compat.Torch.Amp;

/// <summary>What a checkpoint keeps of a <see cref="GradScaler"/>. The keys in a file are PyTorch's, named with each property.</summary>
/// <param name="Scale">The scale: <c>scale</c>.</param>
/// <param name="GrowthFactor">Growth: <c>growth_factor</c>.</param>
/// <param name="BackoffFactor">Backoff: <c>backoff_factor</c>.</param>
/// <param name="GrowthInterval">Interval of growth: <c>growth_interval</c>.</param>
/// <param name="GrowthTracker">Updates without infinities since the last change: <c>_growth_tracker</c>.</param>
public sealed record GradScalerState(double Scale, double GrowthFactor, double BackoffFactor, int GrowthInterval, int GrowthTracker)
{
    /// <summary>Takes a state out of a checkpoint of ours, PyTorch, MMCV or MMEngine.</summary>
    /// <param name="state">The dictionary, there under <c>loss_scaler</c>. Borrowed.</param>
    /// <returns>The state.</returns>
    /// <exception cref="PthException">The dictionary is something else, such as the empty one of a scaler that was off.</exception>
    public static GradScalerState FromPth(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new(
            Number(state, "scale"),
            Number(state, "growth_factor"),
            Number(state, "backoff_factor"),
            Count(state, "growth_interval"),
            Count(state, "_growth_tracker"));
    }

    /// <summary>Gives the state as PyTorch's <c>GradScaler.state_dict</c>.</summary>
    /// <returns>Five plain numbers.</returns>
    public PthDict ToPth() => new()
    {
        ["scale"] = Scale,
        ["growth_factor"] = GrowthFactor,
        ["backoff_factor"] = BackoffFactor,
        ["growth_interval"] = GrowthInterval,
        ["_growth_tracker"] = GrowthTracker,
    };

    private static int Count(PthDict state, string name) =>
        Number(state, name) is var number and >= int.MinValue and <= int.MaxValue && number == Math.Truncate(number) ? (int)number : throw NoState(name);

    private static double Number(PthDict state, string name) => state.TryGetValue(name, out PthValue? value)
        ? value switch
        {
            PthFloat number => number.Value,
            PthInteger number => (double)number.Value,
            _ => throw NoState(name),
        }
        : throw NoState(name);

    private static PthException NoState(string name) => new(
        $"The value is no state of a GradScaler: it lacks the number '{name}'. Give what is under 'loss_scaler'; a scaler that was off has none, so begin with a "
        + "new one.");
}
