using Compat.Legacy.Runners;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>Updates the weights after each training iteration: clears gradients, computes them, clips, steps.</summary>
/// <remarks>
/// Gradients are cleared before they are computed and left in place after the step, so hooks behind this one can read them. It steps one optimizer: with
/// several by name, the model steps in its own <c>TrainStep</c>, as in MMCV. Source: MMCV <c>OptimizerHook</c>.
/// </remarks>
public class OptimizerHook : Hook
{
    /// <summary>Makes the hook.</summary>
    /// <param name="config">Clipping, and the search for parameters without a gradient; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The clipping is out of range.</exception>
    public OptimizerHook(OptimizerConfig? config = null)
    {
        Config = config ?? new();
        if (Config.GradClip is { } clip && (!(clip.MaxNorm > 0) || !(clip.NormType > 0)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(config),
                $"GradClip has MaxNorm {clip.MaxNorm} and NormType {clip.NormType}; both must be above 0. Use GradClip = null for no clipping.");
        }
    }

    /// <summary>Gets the settings.</summary>
    public OptimizerConfig Config { get; }

    /// <inheritdoc/>
    public override void AfterTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        Tensor loss = runner.Outputs!.RequireLoss(runner.ModelName);
        optim.Optimizer optimizer = runner.RequireOptimizer().Single;
        ClearGradients(runner, optimizer);
        AnomalousParameters? anomalous = Config.DetectAnomalousParams ? new(runner.Model) : null;
        Backward(runner, loss);
        anomalous?.Report(runner.Model, runner.Logger);
        AverageGradients(runner);
        Update(runner, optimizer);
    }

    /// <summary>Clips the gradients of the model's parameters, whether or not the optimizer holds them.</summary>
    /// <param name="parameters">All parameters of the model. Borrowed.</param>
    /// <returns>The norm before clipping, a 0-d tensor; <see langword="null"/> if there is no gradient.</returns>
    protected virtual Tensor? ClipGrads(IEnumerable<Parameter> parameters) =>
        ClipGradNorm.Apply(parameters, Config.GradClip!.MaxNorm, Config.GradClip.NormType, Config.GradClip.ErrorIfNonfinite);

    /// <summary>The iteration of the hooks that accumulate gradients: they update when a window ends, and clear after the step.</summary>
    private protected void AfterTrainIter(BaseRunner runner, CumulativeWindow window)
    {
        ArgumentNullException.ThrowIfNull(runner);
        Tensor loss = runner.Outputs!.RequireLoss(runner.ModelName);
        optim.Optimizer optimizer = runner.RequireOptimizer().Single;
        Backward(runner, loss / window.LossFactor(runner));
        AverageGradients(runner);
        if (EveryNIters(runner, window.Iters) || IsLastIter(runner))
        {
            Update(runner, optimizer);
            ClearGradients(runner, optimizer);
        }
    }

    private protected virtual void ClearGradients(BaseRunner runner, optim.Optimizer optimizer) =>
        OptimizerGroup.ClearGradients(optimizer, setToNone: !runner.Options.Behavior.ZeroFilledGradients);

    private protected virtual void Backward(BaseRunner runner, Tensor loss) => LossBackward.Run(loss, runner.ModelName, runner.Iter);

    private protected virtual void Unscale(optim.Optimizer optimizer)
    {
    }

    private protected virtual void Step(BaseRunner runner, optim.Optimizer optimizer) => OptimizerFault.Step(optimizer);

    // As in MMCV, after every backward, gradients of a window that is not over included.
    private static void AverageGradients(BaseRunner runner) => (runner.Model as MMDistributedDataParallel)?.Replica.Average(runner.Model.parameters());

    private void Update(BaseRunner runner, optim.Optimizer optimizer)
    {
        try
        {
            Unscale(optimizer);
            runner.Probe.OnGradients(optimizer);
            Clip(runner);
            runner.Probe.OnClipped(optimizer);
            Step(runner, optimizer);
        }
        catch (Exception exception) when (StepFailure.Mark(exception, "update"))
        {
            throw;                                                    // never reached: the filter only takes a note
        }
    }

    private void Clip(BaseRunner runner)
    {
        if (Config.GradClip is null)
        {
            return;
        }

        using Tensor? norm = ClipGrads(runner.Model.parameters());
        if (norm is not null)
        {
            runner.LogBuffer.Update(new LogVars { ["grad_norm"] = norm }, runner.Outputs!.RequireNumSamples(runner.ModelName));
        }
    }
}
