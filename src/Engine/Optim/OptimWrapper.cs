using Compat.Engine.Logging;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Updates weights with one optimizer in full precision, with accumulation and clipping if asked for.</summary>
/// <remarks>
/// One call of <see cref="UpdateParams"/> is one count. With accumulation over <c>n</c> counts the loss is divided by <c>n</c>, in the last
/// incomplete window by its length, and the last count of all always updates. Source: MMEngine <c>OptimWrapper</c>.
/// </remarks>
public class OptimWrapper : BaseOptimWrapper
{
    private const int Unknown = -1;

    private readonly OptimWrapperOptions options;
    private readonly bool ownsOptimizer;
    private readonly OptimizerGroup[] paramGroups;
    private readonly LrEntry[] lrEntries;
    private readonly string modelName;
    private int maxCounts = Unknown;
    private bool mustClear;

    /// <summary>Builds the optimizer and wraps it.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="model">The model whose parameters are updated, already on its device.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    public OptimWrapper(OptimWrapperOptions options, nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        this.options = options;
        ownsOptimizer = options.Optimizer is not BuiltOptimizer;
        mustClear = options.ZeroGradTiming == ZeroGradTiming.BeforeBackward;
        Optimizer = options.Optimizer.Build(model);
        modelName = model.GetType().Name;
        IReadOnlyList<OptimizerGroup> groups = OptimizerGroup.Of(Optimizer);
        OptimizerGroup[] virtualGroup = groups.Count > 1 ? [OptimizerGroup.OfDefaults(Optimizer)] : [];
        paramGroups = [.. groups, .. virtualGroup];
        lrEntries = [new("lr", groups), .. virtualGroup.Select(group => new LrEntry("base_lr", [group]))];
    }

    /// <summary>Gets the optimizer.</summary>
    public optim.Optimizer Optimizer { get; }

    /// <summary>Gets how many times <see cref="UpdateParams"/> was called, plus the iterations before a resume.</summary>
    public int InnerCount { get; private set; }

    /// <inheritdoc/>
    public override IReadOnlyList<LrEntry> LrEntries => lrEntries;

    /// <inheritdoc/>
    public override IReadOnlyList<OptimizerGroup> ParamGroups => paramGroups;

    /// <inheritdoc/>
    public override void UpdateParams(Tensor loss)
    {
        Backward(ScaleLoss(loss));
        if (ShouldUpdate())
        {
            Update();
            ZeroGradAfterStep();
        }
    }

    /// <summary>Computes gradients and counts.</summary>
    /// <param name="loss">The scaled loss. Borrowed.</param>
    public virtual void Backward(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        if (mustClear)
        {
            ZeroGrad();
        }

        LossBackward.Run(loss, modelName, InnerCount);
        InnerCount++;
    }

    /// <summary>Clips the gradients if asked for, and updates the weights.</summary>
    public virtual void Step()
    {
        Probe?.OnGradients(Optimizer);
        if (options.ClipGrad is { } clip)
        {
            using Tensor? norm = ClipGradNorm.Apply(ParametersToClip(), clip.MaxNorm, clip.NormType);
            if (norm is not null)
            {
                LogGradNorm(norm);
            }
        }

        Probe?.OnClipped(Optimizer);
        Optimizer.step();
    }

    /// <summary>Clears the gradients.</summary>
    public virtual void ZeroGrad()
    {
        OptimizerGroup.ClearGradients(Optimizer, options.SetToNone);
        mustClear = false;
    }

    /// <inheritdoc/>
    public override void InitializeCountStatus(nn.Module model, int initCounts, int maxCounts, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(model);
        InnerCount = initCounts;
        this.maxCounts = maxCounts;
        if (initCounts % options.AccumulativeCounts != 0)
        {
            EngineLog.Warning(
                logger,
                $"Training resumes at iteration {initCounts}, in the middle of a window of {options.AccumulativeCounts} accumulated iterations. "
                + "The gradients of the window's first part are lost.");
        }

        if (options.AccumulativeCounts > 1 && model.modules().Any(IsBatchNorm))
        {
            EngineLog.Warning(
                logger, "The model has batch norm layers, whose statistics see the small batches: accumulating gradients is not quite a larger batch.");
        }
    }

    /// <summary>Divides the loss by the number of iterations whose gradients add up.</summary>
    /// <param name="loss">The loss. Borrowed.</param>
    /// <returns>The loss itself without accumulation, else a fresh tensor.</returns>
    protected Tensor ScaleLoss(Tensor loss)
    {
        int factor = LossFactor();
        return factor == 1 ? loss : loss / factor;
    }

    /// <summary>Tells whether the weights are updated now.</summary>
    /// <returns>Whether a window of accumulation, or the training, ends here.</returns>
    protected bool ShouldUpdate() => InnerCount % options.AccumulativeCounts == 0 || InnerCount == maxCounts;

    /// <summary>Gets the parameters whose gradients are clipped: those of the optimizer.</summary>
    /// <returns>The parameters. Borrowed.</returns>
    protected virtual IEnumerable<Parameter> ParametersToClip() => OptimizerGroup.Of(Optimizer).SelectMany(group => group.Parameters);

    /// <summary>Logs the norm of the gradients before clipping.</summary>
    /// <param name="norm">The norm, a 0-d tensor. Borrowed.</param>
    protected virtual void LogGradNorm(Tensor norm) => MessageHub?.UpdateScalar("train/grad_norm", norm);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing && ownsOptimizer)
        {
            Optimizer.Dispose();
        }
    }

    private static void Check(OptimWrapperOptions options)
    {
        if (options.AccumulativeCounts < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                options.AccumulativeCounts,
                $"AccumulativeCounts is {options.AccumulativeCounts}; it must be at least 1. Use 1 to update at every iteration.");
        }

        if (options.ClipGrad is { } clip && (!(clip.MaxNorm > 0) || !(clip.NormType > 0)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                $"ClipGrad has MaxNorm {clip.MaxNorm} and NormType {clip.NormType}; both must be above 0. Use ClipGrad = null for no clipping.");
        }
    }

    private static bool IsBatchNorm(nn.Module module) =>
        module is BatchNorm1d or BatchNorm2d or BatchNorm3d;

    private int LossFactor()
    {
        int counts = options.AccumulativeCounts;
        if (counts == 1 || maxCounts == Unknown)
        {
            return counts;
        }

        int remainder = maxCounts % counts;
        int factor = InnerCount < maxCounts - remainder ? counts : remainder;
        return factor > 0
            ? factor
            : throw new InvalidOperationException(
                $"UpdateParams was called {InnerCount + 1} times, but training has {maxCounts} iterations. With accumulation, call it once in each "
                + "iteration.");
    }

    private void Update()
    {
        try
        {
            Step();
        }
        catch (Exception exception) when (StepFailure.Mark(exception, "update"))
        {
            throw;                                                    // never reached: the filter only takes a note
        }
    }

    private void ZeroGradAfterStep()
    {
        if (options.ZeroGradTiming == ZeroGradTiming.BeforeBackward)
        {
            mustClear = true;
        }
        else
        {
            ZeroGrad();
        }
    }
}
