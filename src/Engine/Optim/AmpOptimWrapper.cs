using Compat.Torch;
using Compat.Torch.Amp;
using Compat.Torch.Logging;
using Compat.Torch.Serialization;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Updates weights with one optimizer; the model computes its loss in a lower precision, and the loss is scaled.</summary>
/// <remarks>
/// <para>An update whose gradients have an infinity or NaN is left out; it counts, and its norm is logged, as any other. Gradients are unscaled before anybody looks
/// at them. Within a window of accumulation they are scaled.</para>
/// <para>With optimizers that have a fused kernel no iteration waits for the device; with others each update does once, as in PyTorch. Source: MMEngine
/// <c>AmpOptimWrapper</c>, which needs a GPU.</para>
/// </remarks>
[HoldsTensors("owner: the iteration's dispose scope")]
public class AmpOptimWrapper : OptimWrapper
{
    private const string LossScalerKey = "loss_scaler";

    private readonly AmpOptimWrapperOptions options;
    private readonly Device device;
    private Tensor? open;
    private Tensor? skipped;

    /// <summary>Builds the optimizer and the scaler.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="model">The model whose parameters are updated, already on its device.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    /// <exception cref="ArgumentException">The model's device cannot cast to the precision that is asked for.</exception>
    public AmpOptimWrapper(AmpOptimWrapperOptions options, nn.Module model)
        : base(options, model)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(options.LossScale);
        ArgumentNullException.ThrowIfNull(model);
        this.options = options;
        LossScaler = new GradScaler(options.LossScale.Options);
        device = model.parameters().FirstOrDefault()?.device ?? CPU;
        Dtype = options.Autocast ? RequireDtype(options.Dtype, device.type) : null;
    }

    /// <summary>Gets what scales the loss.</summary>
    public GradScaler LossScaler { get; }

    /// <summary>Gets the lower precision.</summary>
    /// <value><see langword="null"/> if nothing is cast, and on CUDA for what PyTorch takes there: float16, unless it was set otherwise.</value>
    public ScalarType? Dtype { get; }

    /// <inheritdoc/>
    public override Tensor? SkippedStep => open ?? skipped;

    /// <inheritdoc/>
    public override void Attach(OptimWrapperContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        base.Attach(context);
        LossScaler.WarnIfOdd(context.Logger);
        if (options is { Autocast: true, Dtype: null } && Dtype is not null)
        {
            const string Text = "AmpOptimWrapper casts to bfloat16: that is what Dtype = null means on a CPU. On CUDA it means float16.";
            CompatEvents.Write(context.Logger, LogLevel.Information, CompatEvents.AmpPrecision, Text);
        }
    }

    /// <summary>Opens the lower precision, for this thread.</summary>
    /// <inheritdoc/>
    public override IDisposable OptimContext(nn.Module model) => options.Autocast ? new Autocast(device.type, Dtype) : base.OptimContext(model);

    /// <summary>Multiplies the loss by the scale, computes gradients and counts.</summary>
    /// <param name="loss">The loss, not scaled. Borrowed.</param>
    public override void Backward(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        base.Backward(LossScaler.Scale(loss));
        open = AccumulativeCounts > 1 && LossScaler.IsEnabled ? ones([], device: loss.device) : null;
    }

    /// <inheritdoc/>
    public override void FinishIter()
    {
        base.FinishIter();
        (open, skipped) = (null, null);
    }

    /// <summary>Gives the optimizer's state and, beside it, that of the scaler: <c>loss_scaler</c>, empty if the scaler is off. Waits for the device.</summary>
    /// <returns>The state, in MMEngine's layout. Its tensors are on the CPU; fresh.</returns>
    public override PthDict SaveState()
    {
        PthDict state = base.SaveState();
        state[LossScalerKey] = LossScaler.SaveState()?.ToPth() ?? [];
        return state;
    }

    /// <inheritdoc/>
    public override void CheckState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        ScalerOf(state);
        base.CheckState(state);
    }

    /// <summary>Takes over a state of this or another wrapper; without <c>loss_scaler</c> in it the scaler stays as it is.</summary>
    /// <inheritdoc/>
    /// <remarks>The settings of the scaler that was saved win over those of the options; a fixed scale returns after the next update.</remarks>
    public override void LoadState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        GradScalerState? scaler = ScalerOf(state);
        base.LoadState(state);
        if (scaler is null)
        {
            return;
        }

        LossScaler.LoadState(scaler);
        if (Context is not null)
        {
            LossScaler.WarnIfOdd(Context.Logger);
        }
    }

    /// <summary>Unscales the gradients, unless that was done by hand and nothing is clipped.</summary>
    // As AmpOptimWrapper.step: with clipping, unscaling by hand is an error. Without, PyTorch's scaler would unscale in its step; here it is before, so that whoever
    // listens to the probe sees what the update uses. The numbers are the same, and so is the work.
    protected override void SyncGradients()
    {
        base.SyncGradients();
        if (options.ClipGrad is not null || !LossScaler.IsUnscaled(Optimizer))
        {
            LossScaler.Unscale(Optimizer);
        }
    }

    /// <summary>Lets the scaler step, unless it found an infinity or NaN, and adapt its scale.</summary>
    protected override void ApplyUpdate()
    {
        Tensor? found = LossScaler.Step(Optimizer);
        open = null;
        if (found is not null)
        {
            skipped = skipped is { IsInvalid: false } before ? before + found : found;
            Context?.Probe.OnSkipped(Optimizer, found);
        }

        LossScaler.Update(options.LossScale.Fixed);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            LossScaler.Dispose();
        }

        base.Dispose(disposing);
    }

    // Autocast itself refuses too, but only in the first iteration.
    private static ScalarType? RequireDtype(ScalarType? dtype, DeviceType device) => (device, dtype) switch
    {
        (DeviceType.CPU, null or ScalarType.BFloat16) => ScalarType.BFloat16,
        (DeviceType.CPU, _) => throw new ArgumentException(
            $"Dtype is {dtype}, but the model is on a CPU, where autocast knows bfloat16 only. Leave Dtype out or write ScalarType.BFloat16, move the model to a GPU, or "
            + "set Autocast = false to scale the loss and cast nothing."),
        (DeviceType.CUDA, null or ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64) => dtype,
        (DeviceType.CUDA, _) => throw new ArgumentException(
            $"Dtype is {dtype}; autocast knows Float16, BFloat16, Float32 and Float64. Leave Dtype out, or write one of these."),
        _ => throw new ArgumentException(
            $"The model is on {device}, where nothing can be cast; autocast knows CPU and CUDA. Set Autocast = false to scale the loss and cast nothing."),
    };

    // Nothing for a scaler that is off, and of a state without one.
    private GradScalerState? ScalerOf(PthDict state) => LossScaler.IsEnabled && state.TryGetValue(LossScalerKey, out PthValue? _)
        ? GradScalerState.FromPth(state.Require<PthDict>(LossScalerKey, "the state of a loss scaler"))
        : null;
}
