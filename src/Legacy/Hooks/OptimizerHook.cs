using Compat.Legacy.Runners;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>Updates the weights after each training iteration: clears gradients, computes them, clips, steps.</summary>
/// <remarks>
/// Gradients are cleared before they are computed and left in place after the step, so hooks behind this one can read them. Source: MMCV
/// <c>OptimizerHook</c>.
/// </remarks>
public class OptimizerHook : Hook
{
    /// <summary>Makes the hook.</summary>
    /// <param name="config">Clipping; <see langword="null"/> for the defaults.</param>
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
        StepOutputs outputs = runner.Outputs!;
        Tensor loss = outputs.RequireLoss(runner.ModelName);
        optim.Optimizer optimizer = runner.RequireOptimizer().Single;
        OptimizerGroup.ClearGradients(optimizer, setToNone: !runner.Options.Behavior.ZeroFilledGradients);
        LossBackward.Run(loss, runner.ModelName, runner.Iter);
        try
        {
            Update(runner, optimizer, outputs);
        }
        catch (Exception exception) when (StepFailure.Mark(exception, "update"))
        {
            throw;                                                    // never reached: the filter only takes a note
        }
    }

    /// <summary>Clips the gradients of the model's parameters, whether or not the optimizer holds them.</summary>
    /// <param name="parameters">All parameters of the model. Borrowed.</param>
    /// <returns>The norm before clipping, a 0-d tensor; <see langword="null"/> if there is no gradient.</returns>
    protected virtual Tensor? ClipGrads(IEnumerable<Parameter> parameters) =>
        ClipGradNorm.Apply(parameters, Config.GradClip!.MaxNorm, Config.GradClip.NormType);

    private void Update(BaseRunner runner, optim.Optimizer optimizer, StepOutputs outputs)
    {
        runner.Probe.OnGradients(optimizer);
        if (Config.GradClip is not null)
        {
            using Tensor? norm = ClipGrads(runner.Model.parameters());
            if (norm is not null)
            {
                runner.LogBuffer.Update(new LogVars { ["grad_norm"] = norm }, outputs.RequireNumSamples(runner.ModelName));
            }
        }

        runner.Probe.OnClipped(optimizer);
        OptimizerFault.Step(optimizer);
    }
}
