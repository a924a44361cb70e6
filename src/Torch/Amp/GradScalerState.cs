using Compat.Torch.Optim;
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
    // What float32 holds above 0, which a scale is with the first loss.
    private static readonly NumberRange Scales = new(Min: float.Epsilon, Max: float.MaxValue);
    private static readonly NumberRange Counts = new(Min: 0, Max: int.MaxValue, IsWhole: true);

    /// <summary>Takes a state out of a checkpoint of ours, PyTorch, MMCV or MMEngine.</summary>
    /// <param name="state">The dictionary, there under <c>loss_scaler</c>. Borrowed.</param>
    /// <returns>The state.</returns>
    /// <remarks>
    /// PyTorch looks at nothing here. Refused is what no training can go on from: a scale that is not above 0 and finite in float32, a factor that is not finite, an
    /// interval or a tracker below 0. An interval of 0 is taken: the scale never grows.
    /// </remarks>
    /// <exception cref="PthException">
    /// A number is out of range, or the dictionary is something else, such as the empty one of a scaler that was off.
    /// </exception>
    public static GradScalerState FromPth(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new(
            Number(state, "scale", Scales),
            Number(state, "growth_factor", NumberRange.Finite),
            Number(state, "backoff_factor", NumberRange.Finite),
            (int)Number(state, "growth_interval", Counts),
            (int)Number(state, "_growth_tracker", Counts));
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

    private static double Number(PthDict state, string name, NumberRange range)
    {
        double number = state.TryGetValue(name, out PthValue? value) && value is PthFloat or PthInteger ? OptimizerStateDict.Number(value)!.Value : throw NoState(name);
        return range.Holds(number)
            ? number
            : throw new PthException(FormattableString.Invariant(
                $"The state of a GradScaler has {number} under '{name}'; it must be {range}. The file is damaged; take an older one, or begin with a new scaler."));
    }

    private static PthException NoState(string name) => new(
        $"The value is no state of a GradScaler: it lacks the number '{name}'. Give what is under 'loss_scaler'; a scaler that was off has none, so begin with a "
        + "new one.");
}
