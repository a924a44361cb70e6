using System.Globalization;
using System.Runtime.CompilerServices;
using Compat.Torch.Native;
using Compat.Torch.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Amp;

/// <summary>Scales losses so that small gradients do not vanish in half precision, and leaves out updates whose gradients overflowed.</summary>
/// <remarks>
/// <para>In each iteration: <c>Scale(loss).backward()</c>; <see cref="Unscale"/> if gradients are clipped or looked at; <see cref="Step"/>;
/// <see cref="Update"/>. An update with an infinity or NaN among its gradients is left out and the scale multiplied by the backoff factor; after
/// enough updates without one it grows.</para>
/// <para>It waits for the device where PyTorch does: in <see cref="Step"/>, unless the optimizer is one of ours with a fused kernel, which skips by itself.
/// Source: PyTorch <c>torch.amp.GradScaler</c>.</para>
/// </remarks>
[HoldsTensors("owner: this scaler; freed by its Dispose")]
public sealed class GradScaler : IDisposable
{
    private readonly ConditionalWeakTable<optim.Optimizer, OptimizerProgress> progress = [];
    private readonly List<OptimizerProgress> active = [];
    private GradScalerOptions options;
    private double initScale;
    private int initTracker;
    private StateTensor? scale;
    private StateTensor? tracker;

    /// <summary>Makes a scaler.</summary>
    /// <param name="options">The settings; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    public GradScaler(GradScalerOptions? options = null)
    {
        this.options = options ?? new();
        Check(this.options);
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
    public Tensor Scale(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        if (!IsEnabled)
        {
            return loss;
        }

        EnsureScale(loss.device);
        return loss * scale!.Value;
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

        using DisposeScope scope = NewDisposeScope();
        CheckGradients(optimizer, own, RequireScale().to(ScalarType.Float64).reciprocal().to(ScalarType.Float32), refuseHalf: true);
        own.Stage = Stage.Unscaled;
    }

    /// <summary>Updates the weights, unless a gradient is infinite or NaN. Unscales first if that was not done.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <exception cref="InvalidOperationException">It was done already since the last update, or there is no gradient at all.</exception>
    public void Step(optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        if (!IsEnabled)
        {
            optimizer.step();
            return;
        }

        OptimizerProgress own = ProgressOf(optimizer);
        if (own.Stage == Stage.Stepped)
        {
            throw new InvalidOperationException("Step was called twice for this optimizer since the last Update. Call Update after each iteration.");
        }

        if (optimizer is FusedOptimizer { SkipsByItself: true } fused)
        {
            StepFused(fused, own);
        }
        else
        {
            StepIfFinite(optimizer, own);
        }

        own.Stage = Stage.Stepped;
    }

    /// <summary>Adapts the scale to what was found since the last update, and begins anew.</summary>
    /// <param name="newScale">A scale to set instead; setting the same one each time keeps it fixed. The default is <see langword="null"/>.</param>
    /// <exception cref="InvalidOperationException">No gradients were looked at since the last update.</exception>
    public void Update(double? newScale = null)
    {
        if (!IsEnabled)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        if (newScale is { } fixedScale)
        {
            RequireScale().fill_(fixedScale);
        }
        else
        {
            Tensor[] found = [.. active.SelectMany(own => own.FoundInf).Select(flag => flag.Value.to(RequireScale().device))];
            if (found.Length == 0)
            {
                throw new InvalidOperationException("Update was called, but no gradients were looked at since the last one. Call Step before Update.");
            }

            Tensor together = found.Aggregate((a, b) => a + b);
            TorchKernels.Call(
                "update_scale", RequireScale(), tracker!.Value, together, options.GrowthFactor, options.BackoffFactor, options.GrowthInterval);
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
    /// <remarks>A scaler that is off ignores it.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range; the scaler is as it was.</exception>
    public void LoadState(GradScalerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (!IsEnabled)
        {
            return;
        }

        GradScalerOptions loaded = options with
        {
            InitScale = state.Scale,
            GrowthFactor = state.GrowthFactor,
            BackoffFactor = state.BackoffFactor,
            GrowthInterval = state.GrowthInterval,
        };
        Check(loaded);
        options = loaded;
        initScale = state.Scale;
        initTracker = state.GrowthTracker;
        scale?.Value.fill_(state.Scale);
        tracker?.Value.fill_(state.GrowthTracker);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        scale?.Dispose();
        tracker?.Dispose();
        active.ForEach(own => own.Reset());
    }

    private static void Check(GradScalerOptions options)
    {
        (string Name, double Value, bool IsGood, string Allowed)[] settings =
        [
            (nameof(options.InitScale), options.InitScale, options.InitScale > 0, "above 0"),
            (nameof(options.GrowthFactor), options.GrowthFactor, options.GrowthFactor > 1, "above 1"),
            (nameof(options.BackoffFactor), options.BackoffFactor, options.BackoffFactor is > 0 and < 1, "above 0 and below 1"),
            (nameof(options.GrowthInterval), options.GrowthInterval, options.GrowthInterval >= 1, "at least 1"),
        ];
        foreach ((string name, double value, bool isGood, string allowed) in settings)
        {
            if (!isGood)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(options), string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be {allowed}."));
            }
        }
    }

    private static Tensor[] GradientsOf(optim.Optimizer optimizer) =>
        [.. OptimizerGroup.Of(optimizer).SelectMany(group => group.Parameters).Select(parameter => parameter.grad).OfType<Tensor>()];

    private static void CheckGradients(optim.Optimizer optimizer, OptimizerProgress own, Tensor inverseScale, bool refuseHalf)
    {
        using IDisposable guard = no_grad();
        foreach (IGrouping<string, Tensor> onDevice in GradientsOf(optimizer).GroupBy(gradient => gradient.device.ToString()))
        {
            Tensor found = zeros([], device: onDevice.First().device);
            foreach (IGrouping<ScalarType, Tensor> ofType in onDevice.GroupBy(gradient => gradient.dtype))
            {
                if (refuseHalf && ofType.Key == ScalarType.Float16)
                {
                    throw new InvalidOperationException(
                        "A gradient is float16, which would lose what the scale saved. Keep the weights in float32 and use Autocast for the forward pass.");
                }

                TorchKernels.Call("check_and_unscale", ofType.ToArray(), found, inverseScale.to(found.device));
            }

            own.FoundInf.Add(new StateTensor(found));
        }

        if (own.FoundInf.Count == 0)
        {
            throw new InvalidOperationException("No parameter of this optimizer has a gradient. Call backward on the scaled loss first.");
        }
    }

    private void StepFused(FusedOptimizer optimizer, OptimizerProgress own)
    {
        using DisposeScope scope = NewDisposeScope();
        if (own.Stage == Stage.Ready)
        {
            CheckGradients(optimizer, own, ones([], device: RequireScale().device), refuseHalf: false);
        }

        Tensor found = own.FoundInf.Select(flag => flag.Value.to(RequireScale().device)).Aggregate((a, b) => a + b);
        optimizer.StepScaled(own.Stage == Stage.Unscaled ? null : RequireScale(), found);
    }

    private void StepIfFinite(optim.Optimizer optimizer, OptimizerProgress own)
    {
        if (own.Stage == Stage.Ready)
        {
            Unscale(optimizer);
        }

        // PyTorch waits here too: whether to step is decided on the host.
        if (own.FoundInf.All(flag => HostRead.Number<float>(flag.Value) == 0))
        {
            optimizer.step();
        }
    }

    private void EnsureScale(Device device)
    {
        if (scale is null)
        {
            using DisposeScope scope = NewDisposeScope();
            scale = new StateTensor(full([], initScale, ScalarType.Float32, device));
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
