using System.Runtime.CompilerServices;
using Compat.Torch.Logging;
using Compat.Torch.Native;
using Compat.Torch.Optim;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Amp;

/// <summary>Scales losses so that small gradients do not vanish in half precision, and leaves out updates whose gradients overflowed.</summary>
/// <remarks>
/// <para>In each iteration: <c>Scale(loss).backward()</c>; <see cref="Unscale"/> if gradients are clipped or looked at; <see cref="Step"/>;
/// <see cref="Update"/>. An update with an infinity or NaN among its gradients is left out and the scale multiplied by the backoff factor; after
/// enough updates without one it grows.</para>
/// <para>Settings that no training wants, such as a scale of 0, are taken as PyTorch takes them; <see cref="WarnIfOdd"/> says so in a log.</para>
/// <para>It waits for the device where PyTorch does: in <see cref="Step"/>, unless the optimizer is one of ours with a fused kernel, which skips by itself.
/// Source: PyTorch <c>torch.amp.GradScaler</c>.</para>
/// </remarks>
[HoldsTensors("owner: this scaler; freed by its Dispose")]
public sealed class GradScaler : IDisposable
{
    private readonly ConditionalWeakTable<optim.Optimizer, OptimizerProgress> progress = [];
    private readonly List<OptimizerProgress> active = [];
    private readonly HashSet<string> doubts = [];
    private GradScalerOptions options;
    private double initScale;
    private int initTracker;
    private StateTensor? scale;
    private StateTensor? tracker;

    /// <summary>Makes a scaler.</summary>
    /// <param name="options">The settings; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The scaler is on, and a factor would shrink the scale where it should grow, or the other way round.</exception>
    public GradScaler(GradScalerOptions? options = null)
    {
        this.options = options ?? new();
        GradScalerCheck.Refuse(this.options);
        initScale = this.options.InitScale;
    }

    private enum Stage
    {
        Ready,
        Unscaled,
        Stepped,
    }

    /// <summary>Gets whether losses are scaled at all.</summary>
    public bool IsEnabled => options.Enabled;

    /// <summary>Multiplies a loss by the scale.</summary>
    /// <param name="loss">The loss. Borrowed.</param>
    /// <returns>The scaled loss, fresh; the loss itself if the scaler is off.</returns>
    /// <exception cref="InvalidOperationException">The scale at the start is a number that float32 cannot hold.</exception>
    public Tensor Scale(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        if (!IsEnabled)
        {
            return loss;
        }

        EnsureScale(loss.device);
        return loss * scale!.Value.to(loss.device);
    }

    /// <summary>Divides the gradients of an optimizer by the scale, in place, and looks for infinities in them.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <exception cref="InvalidOperationException">It was done already since the last update, or it comes after the step.</exception>
    public void Unscale(optim.Optimizer optimizer)
    {
        if (!IsEnabled)
        {
            return;
        }

        OptimizerProgress own = ProgressOf(optimizer);
        if (own.Stage != Stage.Ready)
        {
            throw new InvalidOperationException(own.Stage == Stage.Unscaled
                ? "Unscale was called twice for this optimizer since the last Update. Call it once in an iteration."
                : "Unscale was called after Step. Call it before.");
        }

        UnscaleGradients(optimizer, own);
        own.Stage = Stage.Unscaled;
    }

    /// <summary>Tells whether the gradients of an optimizer were unscaled since the last update.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <returns>Whether they were; then <see cref="Unscale"/> would refuse to do it again.</returns>
    public bool IsUnscaled(optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return progress.TryGetValue(optimizer, out OptimizerProgress? own) && own.Stage == Stage.Unscaled;
    }

    /// <summary>Updates the weights, unless a gradient is infinite or NaN. Unscales first if that was not done.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <returns>
    /// What was decided, 0-d on the device: 1 if the update was left out, else 0; fresh. <see langword="null"/> if the scaler is off.
    /// </returns>
    /// <exception cref="InvalidOperationException">It was done already since the last update, or there is no gradient at all.</exception>
    public Tensor? Step(optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        if (!IsEnabled)
        {
            OptimizerFault.Step(optimizer);
            return null;
        }

        OptimizerProgress own = ProgressOf(optimizer);
        if (own.Stage == Stage.Stepped)
        {
            throw new InvalidOperationException("Step was called twice for this optimizer since the last Update. Call Update after each iteration.");
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor found = optimizer is FusedOptimizer { SkipsByItself: true } fused ? StepFused(fused, own) : StepIfFinite(optimizer, own);
        own.Stage = Stage.Stepped;
        return found.MoveToOuterDisposeScope();
    }

    /// <summary>Adapts the scale to what was found since the last update, and begins anew.</summary>
    /// <param name="newScale">A scale to set instead; setting the same one each time keeps it fixed. The default is <see langword="null"/>.</param>
    /// <exception cref="InvalidOperationException">No gradients were looked at since the last update, or the new scale is more than float32 can hold.</exception>
    public void Update(double? newScale = null)
    {
        if (!IsEnabled)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        if (newScale is { } fixedScale)
        {
            RequireScale().fill_(GradScalerCheck.RequireFloat(fixedScale));
        }
        else
        {
            Tensor found = FoundInf(active.SelectMany(own => own.FoundInf))
                ?? throw new InvalidOperationException("Update was called, but no gradients were looked at since the last one. Call Step before Update.");
            TorchKernels.Call(
                "update_scale", RequireScale(), tracker!.Value, found, options.GrowthFactor, options.BackoffFactor, options.GrowthInterval);
        }

        active.ForEach(own => own.Reset());
        active.Clear();
    }

    /// <summary>Reads the scale. Waits for the GPU.</summary>
    /// <returns>The scale; 1 if the scaler is off.</returns>
    public double GetScale() => !IsEnabled ? 1 : scale is null ? initScale : HostRead.Number<float>(scale.Value);

    /// <summary>Reads what a checkpoint keeps. Waits for the GPU.</summary>
    /// <returns>The state; <see langword="null"/> if the scaler is off.</returns>
    public GradScalerState? SaveState() => IsEnabled
        ? new(GetScale(), options.GrowthFactor, options.BackoffFactor, options.GrowthInterval, tracker is null ? initTracker : HostRead.Number<int>(tracker.Value))
        : null;

    /// <summary>Takes over the state of another scaler.</summary>
    /// <param name="state">The state.</param>
    /// <remarks>A scaler that is off ignores it. Factors are taken as they are, as PyTorch takes them.</remarks>
    /// <exception cref="InvalidOperationException">A loss was scaled already, and the scale is more than float32 can hold; the scaler is as it was.</exception>
    public void LoadState(GradScalerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (!IsEnabled)
        {
            return;
        }

        scale?.Value.fill_(GradScalerCheck.RequireFloat(state.Scale));
        tracker?.Value.fill_(state.GrowthTracker);
        options = options with
        {
            InitScale = state.Scale,
            GrowthFactor = state.GrowthFactor,
            BackoffFactor = state.BackoffFactor,
            GrowthInterval = state.GrowthInterval,
        };
        initScale = state.Scale;
        initTracker = state.GrowthTracker;
    }

    /// <summary>Says in a log what of the settings, or of a state that was loaded, no training wants. Each line comes once.</summary>
    /// <param name="logger">Where the lines go.</param>
    public void WarnIfOdd(ILogger logger)
    {
        foreach (string doubt in IsEnabled ? GradScalerCheck.Doubts(options, initTracker) : [])
        {
            if (doubts.Add(doubt))
            {
                CompatEvents.Write(logger, LogLevel.Warning, CompatEvents.OddLossScale, doubt);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        scale?.Dispose();
        tracker?.Dispose();
        active.ForEach(own => own.Reset());
    }

    private static Tensor[] GradientsOf(optim.Optimizer optimizer) =>
        [.. OptimizerGroup.Of(optimizer).SelectMany(group => group.Parameters).Select(parameter => parameter.grad).OfType<Tensor>()];

    // The flags of several devices, of one scaler that steps several optimizers, become one; null if there is none.
    private Tensor? FoundInf(IEnumerable<StateTensor> flags)
    {
        Tensor[] found = [.. flags.Select(flag => flag.Value.to(RequireScale().device))];
        return found.Length < 2 ? found.FirstOrDefault() : stack(found).max();
    }

    private static void CheckGradients(optim.Optimizer optimizer, OptimizerProgress own, Tensor inverseScale)
    {
        using IDisposable guard = no_grad();
        foreach (IGrouping<string, Tensor> onDevice in GradientsOf(optimizer).GroupBy(gradient => gradient.device.ToString()))
        {
            Tensor found = zeros([], device: onDevice.First().device);
            foreach (IGrouping<ScalarType, Tensor> ofType in onDevice.GroupBy(gradient => gradient.dtype))
            {
                TorchKernels.Call("check_and_unscale", ofType.ToArray(), found, inverseScale.to(found.device));
            }

            own.FoundInf.Add(new StateTensor(found));
        }
    }

    private void UnscaleGradients(optim.Optimizer optimizer, OptimizerProgress own)
    {
        using DisposeScope scope = NewDisposeScope();
        if (GradientsOf(optimizer).Any(gradient => gradient.dtype == ScalarType.Float16))
        {
            throw new InvalidOperationException(
                "A gradient is float16, which would lose what the scale saved. Keep the weights in float32 and use Autocast for the forward pass.");
        }

        CheckGradients(optimizer, own, RequireScale().to(ScalarType.Float64).reciprocal().to(ScalarType.Float32));
    }

    private Tensor RequireFound(OptimizerProgress own) => FoundInf(own.FoundInf)
        ?? throw new InvalidOperationException("No parameter of this optimizer has a gradient. Call backward on the scaled loss first.");

    private Tensor StepFused(FusedOptimizer optimizer, OptimizerProgress own)
    {
        if (own.Stage == Stage.Ready)
        {
            CheckGradients(optimizer, own, ones([], device: RequireScale().device));
        }

        Tensor found = RequireFound(own).detach();
        optimizer.StepScaled(own.Stage == Stage.Unscaled ? null : RequireScale(), found);
        return found;
    }

    private Tensor StepIfFinite(optim.Optimizer optimizer, OptimizerProgress own)
    {
        if (own.Stage == Stage.Ready)
        {
            UnscaleGradients(optimizer, own);
        }

        Tensor found = RequireFound(own).detach();
        own.Stage = Stage.Unscaled;
        if (HostRead.Number<float>(found) == 0)                           // PyTorch waits here too: whether to step is decided on the host
        {
            OptimizerFault.Step(optimizer);
        }

        return found;
    }

    private void EnsureScale(Device device)
    {
        if (scale is null)
        {
            using DisposeScope scope = NewDisposeScope();
            scale = new StateTensor(full([], GradScalerCheck.RequireFloat(initScale), ScalarType.Float32, device));
            tracker = new StateTensor(full([], initTracker, ScalarType.Int32, device));
        }
    }

    private Tensor RequireScale() => scale?.Value
        ?? throw new InvalidOperationException("The scaler has not scaled a loss yet. Call Scale(loss).backward() first.");

    private OptimizerProgress ProgressOf(optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        OptimizerProgress own = progress.GetValue(optimizer, static _ => new());
        if (!active.Contains(own))
        {
            active.Add(own);
        }

        return own;
    }

    /// <summary>How far one optimizer is since the last update.</summary>
    private sealed class OptimizerProgress
    {
        public Stage Stage { get; set; }

        public List<StateTensor> FoundInf { get; } = [];

        public void Reset()
        {
            Stage = Stage.Ready;
            FoundInf.ForEach(flag => flag.Dispose());
            FoundInf.Clear();
        }
    }
}
