using Compat.Torch.Native;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>MMCV's own loss scaling, from before PyTorch had one: for programs that use it by hand, and for states in old checkpoints.</summary>
/// <remarks>
/// An overflow divides the scale by the factor, not below 1: a scale that began below rises to 1 then. Every <see cref="ScaleWindow"/>-th update since the
/// last overflow multiplies it. The last overflow begins at -1, so the first rise comes one update early. Source: MMCV <c>LossScaler</c>.
/// </remarks>
public sealed class LossScaler
{
    /// <summary>Makes a scaler.</summary>
    /// <param name="initScale">The scale at the start. The default is 2³².</param>
    /// <param name="mode">Whether the scale changes. The default is <see cref="LossScaleMode.Dynamic"/>.</param>
    /// <param name="scaleFactor">The factor of each change. The default is 2.</param>
    /// <param name="scaleWindow">How many updates without an overflow lie between two rises; at least 1. The default is 1000.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window is below 1, or the mode is none of the two.</exception>
    public LossScaler(double initScale = 4294967296, LossScaleMode mode = LossScaleMode.Dynamic, double scaleFactor = 2, int scaleWindow = 1000)
    {
        if (scaleWindow < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(scaleWindow), $"The scale window is {scaleWindow}; it must be at least 1. Use 1 to raise the scale at every update.");
        }

        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), $"The mode is {mode}; it must be {nameof(LossScaleMode.Dynamic)} or {nameof(LossScaleMode.Static)}.");
        }

        (LossScale, Mode, ScaleFactor, ScaleWindow) = (initScale, mode, scaleFactor, scaleWindow);
    }

    /// <summary>Gets the scale, by which a loss is multiplied before its backward.</summary>
    public double LossScale { get; private set; }

    /// <summary>Gets whether the scale changes.</summary>
    public LossScaleMode Mode { get; private set; }

    /// <summary>Gets the factor of each change.</summary>
    public double ScaleFactor { get; private set; }

    /// <summary>Gets how many updates without an overflow lie between two rises.</summary>
    public int ScaleWindow { get; private set; }

    /// <summary>Gets how many updates there were; a static scale counts none.</summary>
    public int Iter { get; private set; }

    /// <summary>Gets the update at which the last overflow was.</summary>
    /// <value>-1 until there is one.</value>
    public int LastOverflowIter { get; private set; } = -1;

    /// <summary>Tells whether the sum of a gradient is not finite. It waits for the gradients, once for all of them; a static scaler does not look.</summary>
    /// <remarks>It is the sum, as in MMCV: two large values of one sign overflow it, and opposite ones hide one another.</remarks>
    /// <param name="parameters">The parameters. Borrowed.</param>
    /// <returns>Whether there is an overflow.</returns>
    public bool HasOverflow(IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (Mode == LossScaleMode.Static)
        {
            return false;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        Tensor[] sums = [.. parameters.Select(parameter => parameter.grad).OfType<Tensor>().Select(gradient => gradient.to(ScalarType.Float32).sum())];
        return sums.Length > 0 && !HostRead.Number<bool>(stack(sums.Select(sum => sum.to(sums[0].device))).isfinite().all());
    }

    /// <summary>Counts an update, and changes the scale if it is due.</summary>
    /// <param name="overflow">Whether the gradients of this update overflowed.</param>
    public void UpdateScale(bool overflow)
    {
        if (Mode == LossScaleMode.Static)
        {
            return;
        }

        if (overflow)
        {
            LossScale = Math.Max(LossScale / ScaleFactor, 1);
            LastOverflowIter = Iter;
        }
        else if ((Iter - LastOverflowIter) % ScaleWindow == 0)
        {
            LossScale *= ScaleFactor;
        }

        Iter++;
    }

    /// <summary>Gives the state, under MMCV's names.</summary>
    /// <returns>Six plain values.</returns>
    public PthDict SaveState() => new()
    {
        ["cur_scale"] = LossScale,
        ["cur_iter"] = Iter,
        ["mode"] = Mode == LossScaleMode.Static ? "static" : "dynamic",
        ["last_overflow_iter"] = LastOverflowIter,
        ["scale_factor"] = ScaleFactor,
        ["scale_window"] = ScaleWindow,
    };

    /// <summary>Takes a state over, and its settings too.</summary>
    /// <param name="state">What <see cref="SaveState"/> or MMCV's <c>state_dict</c> gave. Borrowed.</param>
    /// <exception cref="PthException">Something is missing, of another kind or out of range; this scaler is as it was, unlike MMCV's.</exception>
    public void LoadState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        LossScaleMode mode = state.Require<PthText>("mode", "'dynamic' or 'static'").Value switch
        {
            "dynamic" => LossScaleMode.Dynamic,
            "static" => LossScaleMode.Static,
            string other => throw new PthException($"The state's mode is '{other}'; it must be 'dynamic' or 'static'. Give the state of a loss scaler."),
        };
        (LossScale, Mode, ScaleFactor, ScaleWindow, Iter, LastOverflowIter) = (
            Positive(state, "cur_scale"),
            mode,
            Positive(state, "scale_factor"),
            state.RequireInt32("scale_window", min: 1),
            state.RequireInt32("cur_iter"),
            state.RequireInt32("last_overflow_iter", min: -1));
    }

    private static double Positive(PthDict state, string key)
    {
        double number = state.Require<PthValue>(key, "a number") switch
        {
            PthFloat real => real.Value,
            PthInteger whole => (double)whole.Value,
            PthValue other => throw new PthException($"The state's '{key}' is a {other.GetType().Name}; it must be a number. Give the state of a loss scaler."),
        };
        return number > 0 && double.IsFinite(number)
            ? number
            : throw new PthException(FormattableString.Invariant(
                $"The state has {number} under '{key}'; it must be above 0 and finite. The file is damaged; take an older one."));
    }
}
