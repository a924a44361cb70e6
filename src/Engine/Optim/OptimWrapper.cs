using Compat.Engine.Logging;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Updates weights with one optimizer in full precision, with accumulation and clipping if asked for.</summary>
/// <remarks>
/// <para>One call of <see cref="UpdateParams"/> is one count. With accumulation over <c>n</c> counts the loss is divided by <c>n</c>, in the last
/// incomplete window by its length, and the last count of all always updates. Source: MMEngine <c>OptimWrapper</c>.</para>
/// <para>An update is <see cref="SyncGradients"/>, <see cref="ClipGrad"/>, <see cref="ApplyUpdate"/>. A derived wrapper overrides the part that differs and
/// keeps the others; one for mixed precision unscales in the first and lets its scaler step in the last.</para>
/// </remarks>
public class OptimWrapper : BaseOptimWrapper
{
    private const string BaseParamSettings = "base_param_settings";

    private readonly OptimWrapperOptions options;
    private readonly bool ownsOptimizer;
    private readonly OptimizerGroup? defaults;
    private readonly OptimizerGroup[] paramGroups;
    private readonly LrEntry[] lrEntries;
    private readonly string modelName;
    private readonly UpdateWindow window;
    private bool keepGradients;
    private bool mustClear;
    private bool hasGradients;
    private ILogger? lostGradients;

    /// <summary>Builds the optimizer and wraps it.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="model">The model whose parameters are updated, already on its device.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    public OptimWrapper(OptimWrapperOptions options, nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check(nameof(options));
        this.options = options;
        ownsOptimizer = options.Optimizer is not BuiltOptimizer;
        window = new UpdateWindow(options.AccumulativeCounts, options.UpdatesPerIteration);
        keepGradients = options.ZeroGradTiming == ZeroGradTiming.BeforeBackward;
        mustClear = keepGradients;
        Optimizer = options.Optimizer.Build(model);
        modelName = model.GetType().Name;
        IReadOnlyList<OptimizerGroup> groups = OptimizerGroup.Of(Optimizer);
        defaults = groups.Count > 1 ? OptimizerGroup.OfDefaults(Optimizer) : null;
        paramGroups = defaults is null ? [.. groups] : [.. groups, defaults];
        lrEntries = defaults is null ? [new("lr", groups)] : [new("base_lr", [defaults]), new("lr", groups)];
    }

    /// <summary>Gets the optimizer.</summary>
    public optim.Optimizer Optimizer { get; }

    /// <summary>Gets how many counts add up their gradients before one update.</summary>
    public int AccumulativeCounts => options.AccumulativeCounts;

    /// <summary>Gets whether gradients are clipped before each update.</summary>
    public bool ClipsGradients => options.ClipGrad is not null;

    /// <summary>Gets how many times <see cref="UpdateParams"/> was called, plus the calls before a resume.</summary>
    public int InnerCount => window.Count;

    /// <inheritdoc/>
    public override IReadOnlyList<LrEntry> LrEntries => lrEntries;

    /// <inheritdoc/>
    public override IReadOnlyList<OptimizerGroup> ParamGroups => paramGroups;

    /// <inheritdoc/>
    /// <value>At first as <see cref="OptimWrapperOptions.ZeroGradTiming"/> says.</value>
    public override bool KeepGradients
    {
        get => keepGradients;
        set
        {
            keepGradients = value;
            mustClear |= value && !hasGradients;                      // but what a window has gathered so far is not lost
        }
    }

    /// <summary>Gets or sets whether the backward of another wrapper may leave gradients on these parameters after they were cleared.</summary>
    internal bool SharesGradients { get; set; }

    /// <inheritdoc/>
    public override void UpdateParams(Tensor loss)
    {
        Show(loss);
        Backward(ScaleLoss(loss));
        if (ShouldUpdate())
        {
            Update();
            ZeroGradAfterStep();
        }
    }

    /// <summary>Computes gradients and counts.</summary>
    /// <param name="loss">The scaled loss. Borrowed.</param>
    public override void Backward(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        WarnOfLostGradients();
        if (mustClear)
        {
            ZeroGrad();
        }

        LossBackward.Run(loss, modelName, window.Iteration);
        hasGradients = true;
        window.Count++;
    }

    /// <summary>Updates the weights: <see cref="SyncGradients"/>, <see cref="ClipGrad"/>, <see cref="ApplyUpdate"/>.</summary>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed.</exception>
    /// <exception cref="InvalidOperationException">The optimizer's parameters are not those that it was made with.</exception>
    public override void Step()
    {
        try
        {
            SyncGradients();
            Context?.Probe.OnGradients(Optimizer);
            ClipGrad();
            Context?.Probe.OnClipped(Optimizer);
            ApplyUpdate();
        }
        catch (Exception exception) when (OptimizerFault.Find(Optimizer, exception) is { } fault)
        {
            throw fault;
        }

        UpdateCount++;
    }

    /// <inheritdoc/>
    public override void ZeroGrad()
    {
        OptimizerGroup.ClearGradients(Optimizer, options.SetToNone);
        mustClear = false;
        hasGradients = false;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">
    /// With accumulation, the iteration made another number of calls than <see cref="OptimWrapperOptions.UpdatesPerIteration"/>.
    /// </exception>
    public override void FinishIter()
    {
        base.FinishIter();
        window.FinishIter();
    }

    /// <inheritdoc/>
    public override void InitializeCountStatus(nn.Module model, int initCounts, int maxCounts, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(model);
        window.Initialize(initCounts, maxCounts);
        UpdateCount = window.Count / options.AccumulativeCounts;
        lostGradients = window.Count % options.AccumulativeCounts != 0 ? logger : null;
        if (options.AccumulativeCounts > 1 && model.modules().Any(IsBatchNorm))
        {
            EngineLog.Warning(
                logger, "The model has batch norm layers, whose statistics see the small batches: accumulating gradients is not quite a larger batch.");
        }
    }

    /// <summary>Gives the optimizer's state and, with several groups, <c>base_param_settings</c>: the default values that schedules drive too.</summary>
    /// <returns>The state, in MMEngine's layout. Its tensors are on the CPU; fresh.</returns>
    public override PthDict SaveState()
    {
        PthDict state = Optimizer.SaveState();
        if (defaults is not null)
        {
            PthDict saved = new() { ["params"] = new PthTensor(zeros(1)) };  // a dummy, as MMEngine has it
            foreach ((PthValue name, PthValue value) in defaults.SaveSettings())
            {
                saved.Set(name, value);
            }

            state[BaseParamSettings] = saved;
        }

        return state;
    }

    /// <inheritdoc/>
    public override void CheckState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        defaults?.CheckSettings(DefaultsOf(state));
        Optimizer.CheckState(Without(state, BaseParamSettings));
    }

    /// <inheritdoc/>
    /// <remarks>A state that remembers nothing of any parameter is taken, and a line in the log says so.</remarks>
    public override void LoadState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        PthDict saved = DefaultsOf(state);
        defaults?.CheckSettings(saved);
        PthDict rest = Without(state, BaseParamSettings);
        Optimizer.LoadState(rest);
        defaults?.LoadSettings(saved);
        if (Context is { } context)
        {
            Optimizer.WarnIfForgetful(rest, context.Logger);
        }
    }

    /// <inheritdoc/>
    public override PthDict SaveProgress() => new()
    {
        ["inner_count"] = InnerCount,
        ["update_count"] = UpdateCount,
        ["must_clear"] = mustClear,
        ["gradients"] = (hasGradients || SharesGradients) && !mustClear ? GradientStates.Save(Optimizer) : [],
    };

    /// <inheritdoc/>
    public override void LoadProgress(PthDict progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        (int count, int updates) = (progress.RequireInt32("inner_count"), progress.RequireInt32("update_count"));
        bool clears = progress.Require<PthBool>("must_clear", "a truth value").Value;
        PthDict gradients = progress.Require<PthDict>("gradients", "a dictionary");
        GradientStates.Check(Optimizer, gradients);
        window.Resume(count);
        UpdateCount = updates;
        mustClear = clears;
        hasGradients = gradients.Count > 0;
        lostGradients = null;
        if (hasGradients)
        {
            GradientStates.Load(Optimizer, gradients);
        }
    }

    /// <summary>Divides the loss by the number of iterations whose gradients add up.</summary>
    /// <param name="loss">The loss. Borrowed.</param>
    /// <returns>The loss itself without accumulation, else a fresh tensor.</returns>
    protected Tensor ScaleLoss(Tensor loss)
    {
        int factor = window.LossFactor();
        return factor == 1 ? loss : loss / factor;
    }

    /// <summary>Tells whether the weights are updated now.</summary>
    /// <returns>Whether a window of accumulation, or the training, ends here.</returns>
    protected bool ShouldUpdate() => window.IsComplete;

    /// <summary>
    /// Makes the gradients what they are meant to be before anybody looks at them: averaged over the processes. An override calls this first, and then unscales.
    /// </summary>
    protected virtual void SyncGradients() => Context?.Replica?.Average(Parameters());

    /// <summary>Clips the gradients if asked for.</summary>
    protected virtual void ClipGrad()
    {
        using Tensor? norm = options.ClipGrad?.Apply(ParametersToClip());
        if (norm is not null)
        {
            LogGradNorm(norm);
        }
    }

    /// <summary>Updates the weights from the gradients as they are: one step of the optimizer.</summary>
    protected virtual void ApplyUpdate() => Optimizer.step();

    /// <summary>Gets the parameters whose gradients are clipped: those of the optimizer.</summary>
    /// <returns>The parameters. Borrowed.</returns>
    protected virtual IEnumerable<Parameter> ParametersToClip() => Parameters();

    /// <summary>Logs the norm of the gradients before clipping.</summary>
    /// <param name="norm">The norm, a 0-d tensor. Borrowed.</param>
    protected virtual void LogGradNorm(Tensor norm) => Context?.MessageHub.UpdateScalar("train/grad_norm", norm);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing && ownsOptimizer)
        {
            Optimizer.Dispose();
        }
    }

    private static PthDict DefaultsOf(PthDict state) => state.TryGetValue(BaseParamSettings, out PthValue? value)
        ? value as PthDict ?? throw new PthException($"The state's '{BaseParamSettings}' is a {value.GetType().Name}; it must be a dictionary. The file is damaged.")
        : [];

    private static PthDict Without(PthDict state, string name)
    {
        PthDict rest = [];
        foreach ((PthValue key, PthValue value) in state)
        {
            if (key is not PthText text || text.Value != name)
            {
                rest.Set(key, value);
            }
        }

        return rest;
    }

    private static bool IsBatchNorm(nn.Module module) =>
        module is BatchNorm1d or BatchNorm2d or BatchNorm3d;

    // Not before the first gradient: whoever resumes exactly brings the lost ones back after the counts were initialised.
    private void WarnOfLostGradients()
    {
        if (lostGradients is not null)
        {
            EngineLog.Warning(
                lostGradients,
                $"Training resumes at iteration {window.Count / options.UpdatesPerIteration}, in the middle of a window of {options.AccumulativeCounts} "
                + "accumulated iterations. The gradients of the window's first part are lost.");
            lostGradients = null;
        }
    }

    private IEnumerable<Parameter> Parameters() => OptimizerGroup.Of(Optimizer).SelectMany(group => group.Parameters);

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
        if (keepGradients)
        {
            mustClear = true;
        }
        else
        {
            ZeroGrad();
        }
    }
}
