using Compat.Legacy.Runners;
using Compat.Torch.Amp;
using Compat.Torch.Logging;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>Updates the weights of a model in mixed precision: losses are scaled, and an update whose gradients overflowed is left out.</summary>
/// <remarks>
/// <para>Before the run it switches on the modules that can compute in a lower precision (<see cref="Fp16.Wrap"/>), and takes over the scaler's state from
/// <c>runner.Meta["fp16"]["loss_scaler"]</c>, which replaces the settings. Gradients are unscaled before they are clipped and stay in place after the step;
/// those of parameters outside the optimizer stay scaled, and count in the norm, as in MMCV. After an update the state is in the meta again, read only when
/// somebody asks for it: no iteration waits for a GPU, unless the optimizer has no fused kernel.</para>
/// <para>Source: MMCV <c>Fp16OptimizerHook</c> with PyTorch ≥ 1.6. There a runner needs a <c>meta</c>; here it is made.</para>
/// </remarks>
public class Fp16OptimizerHook : OptimizerHook, IDisposable
{
    private readonly ScalarType dtype;
    private readonly double? fixedScale;
    private GradScalerState? lastState;
    private bool isDisposed;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The settings; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The clipping, a factor of the scale or the precision is out of range.</exception>
    /// <exception cref="ArgumentException">Parameters without a gradient are to be looked for, which this hook does not do, or the scale is null.</exception>
    public Fp16OptimizerHook(Fp16OptimizerConfig? config = null)
        : base(config ??= new())
    {
        if (config.DetectAnomalousParams)
        {
            throw new ArgumentException(
                $"DetectAnomalousParams is set, but {Name} does not look for them. Use an {nameof(OptimizerHook)} for a few iterations to find them.", nameof(config));
        }

        dtype = config.Dtype is ScalarType.Float16 or ScalarType.BFloat16
            ? config.Dtype
            : throw new ArgumentOutOfRangeException(nameof(config), $"Dtype is {config.Dtype}; it must be Float16, or BFloat16 on a CPU.");
        ArgumentNullException.ThrowIfNull(config.LossScale);
        fixedScale = config.LossScale.Fixed;
        LossScaler = new GradScaler(config.LossScale.Options);
    }

    /// <summary>Gets what scales the losses.</summary>
    public GradScaler LossScaler { get; }

    /// <inheritdoc/>
    public override void BeforeRun(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        GradScalerState? saved = ScalerOf(runner.Meta);               // checked before anything is changed
        if (Fp16.Wrap(runner.Model, dtype) == 0)
        {
            CompatEvents.Write(
                runner.Logger,
                LogLevel.Warning,
                CompatEvents.NothingToSwitch,
                $"No module of {runner.ModelName} can be switched to mixed precision: {Name} scales the loss and casts nothing. Let the modules that may compute in "
                + $"{dtype} implement {nameof(IFp16Switchable)} and begin their methods with Fp16.Auto.");
        }

        if (saved is not null)
        {
            LossScaler.LoadState(saved);
        }

        LossScaler.WarnIfOdd(runner.Logger);
        runner.LogBuffer.AwaitsScaler = LossScaler.IsEnabled;
    }

    /// <summary>Frees the scaler. What it last was stays in the meta of the runner.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the scaler.</summary>
    /// <param name="disposing">Whether it is disposed, not finalised.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !isDisposed)
        {
            lastState = LossScaler.SaveState();
            isDisposed = true;
            LossScaler.Dispose();
        }
    }

    private protected override void ClearGradients(BaseRunner runner, optim.Optimizer optimizer)
    {
        OptimizerGroup.ClearGradients(runner.Model.parameters(), setToNone: !runner.Options.Behavior.ZeroFilledGradients);
        base.ClearGradients(runner, optimizer);
    }

    private protected override void Backward(BaseRunner runner, Tensor loss) => base.Backward(runner, LossScaler.Scale(loss));

    private protected override void Unscale(optim.Optimizer optimizer) => LossScaler.Unscale(optimizer);

    private protected override void Step(BaseRunner runner, optim.Optimizer optimizer)
    {
        if (LossScaler.Step(optimizer) is { } isSkipped)
        {
            runner.AnnounceSkip(optimizer, isSkipped);
        }

        LossScaler.Update(fixedScale);
        runner.Meta ??= [];
        runner.Meta.Section("fp16").Defer("loss_scaler", SaveScaler);
    }

    private GradScalerState? ScalerOf(RunnerMeta? meta)
    {
        if (!LossScaler.IsEnabled || meta is null || !meta.TryGetValue("fp16", out PthValue? fp16))
        {
            return null;
        }

        PthDict section = fp16 as PthDict ?? throw new PthException(
            $"The meta's 'fp16' is a {fp16.GetType().Name}; it must be a dictionary, where the loss scaler keeps its state. Rename the entry, or remove it.");
        return section.TryGetValue("loss_scaler", out _)
            ? GradScalerState.FromPth(section.Require<PthDict>("loss_scaler", "the state of a loss scaler"))
            : null;
    }

    private PthDict SaveScaler() => (isDisposed ? lastState : LossScaler.SaveState())?.ToPth() ?? [];
}
