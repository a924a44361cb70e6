using Compat.Adapters.Diagnostics;
using Compat.Adapters.Optim;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Adapters.Models;

/// <summary>Lets the engine train a model that has MMCV's training step.</summary>
/// <remarks>
/// Preserves: the model's own loss, unreduced by anybody else; its log values and their weight; one update per iteration; train and eval mode; the names
/// of its parameters, and what it left unregistered on purpose. A model that steps by itself finds the optimizers of the engine's wrapper, or wrappers by name,
/// in the set that it is given.
/// Changes: nothing in the numbers. <c>loss</c> is logged in the engine's hub even if the model does not log it. Of a model that steps by itself, the wrappers count
/// no updates.
/// Rejects: <see cref="Loss"/>, <see cref="Predict"/> and <see cref="ForwardTensor"/>; a legacy model reports one summed loss (COMPAT0104). Terms that are missing
/// (COMPAT0107) or do not add up to the model's own loss (COMPAT0106). A model that steps by itself beside a wrapper that accumulates, clips or scales (COMPAT0209).
/// </remarks>
[HoldsTensors("owner: the legacy model")]
public class LegacyModelAdapter : ModuleView
{
    private readonly nn.Module legacyModel;
    private readonly LossTerms? terms;
    private (BaseRunner Runner, BaseOptimWrapper Wrapper)? shownTo;
    private BaseOptimWrapper? lastWrapper;
    private bool stepsItself;
    private OptimizerSet? optimizers;

    /// <summary>Wraps a model.</summary>
    /// <param name="legacyModel">The model, already on its device; it implements <see cref="ITrainStep"/>. Borrowed.</param>
    /// <exception cref="ArgumentException">The model has no training step.</exception>
    public LegacyModelAdapter(nn.Module legacyModel)
        : this(legacyModel, [])
    {
    }

    /// <summary>Wraps a model and lets the engine train on the terms that its loss consists of, as <see cref="BaseModel.ParseLosses"/> adds them up.</summary>
    /// <remarks>
    /// In the first three iterations the total is compared with the model's own loss, within 1e-5 of it. The first iteration waits for the device to do that; the
    /// others are compared when log values are read, so a difference in them ends the training at the next log line.
    /// </remarks>
    /// <param name="legacyModel">The model, already on its device; it implements <see cref="ITrainStep"/>. Borrowed.</param>
    /// <param name="terms">The terms; empty to train on the model's own loss.</param>
    /// <exception cref="ArgumentException">The model has no training step.</exception>
    public LegacyModelAdapter(nn.Module legacyModel, IReadOnlyList<LossTerm> terms)
        : base(legacyModel)
    {
        ArgumentNullException.ThrowIfNull(legacyModel);
        ArgumentNullException.ThrowIfNull(terms);
        if (legacyModel is not ITrainStep)
        {
            throw new ArgumentException(
                $"{legacyModel.GetType().Name} has no training step. Let it implement {nameof(ITrainStep)}, or derive it from BaseModel.",
                nameof(legacyModel));
        }

        this.legacyModel = legacyModel;
        this.terms = terms.Count == 0 ? null : new(legacyModel.GetType().Name, terms);
    }

    /// <summary>Gets the model that is wrapped.</summary>
    public nn.Module LegacyModel => legacyModel;

    /// <summary>Gets the terms that are trained on.</summary>
    /// <value>Empty if the model's own loss is.</value>
    public IReadOnlyList<LossTerm> Terms => terms?.Terms ?? [];

    /// <inheritdoc/>
    /// <value><see langword="false"/>, unless a derived adapter overrides <see cref="Predict"/>.</value>
    protected override bool CanPredict => new Func<DataBatch, DataBatch>(Predict).Method.DeclaringType != typeof(LegacyModelAdapter);

    /// <inheritdoc/>
    /// <value>
    /// Whether the model implements <see cref="IValStep"/> and no derived adapter overrides <see cref="Predict"/>, or one overrides <see cref="ValStep"/>.
    /// </value>
    protected override bool HasValStep =>
        UsesLegacyValStep || new Func<DataBatch, ValOutputs>(ValStep).Method.DeclaringType != typeof(LegacyModelAdapter);

    private bool UsesLegacyValStep => legacyModel is IValStep && !CanPredict;

    /// <inheritdoc/>
    /// <remarks>If there is a loss, it goes to the wrapper, which updates the weights, or keeps the loss for somebody else who does.</remarks>
    /// <exception cref="KeyNotFoundException">The step returned no loss, and the wrapper needs one.</exception>
    /// <exception cref="CompatException">
    /// In the first iteration: the model has updated its weights itself, beside another owner (COMPAT0201), or steps by itself and passes by what the wrapper is set to
    /// do (COMPAT0209; with several wrappers by name before it steps); the terms are no good (COMPAT0106, COMPAT0107).
    /// </exception>
    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        ArgumentNullException.ThrowIfNull(optimWrapper);
        StepOutputs outputs;
        LossDict? losses;
        using (optimWrapper is OptimWrapperDict ? null : optimWrapper.OptimContext(this))
        {
            outputs = LegacyStep(data, optimWrapper);
            losses = stepsItself ? null : terms?.ToLosses(outputs);
        }

        SeenBy(optimWrapper)?.TakeOutputs(outputs, trainMode: true);
        if (losses is not null)
        {
            return UpdateFromTerms(outputs, losses, optimWrapper);
        }

        if (!stepsItself && (outputs.Loss is not null || optimWrapper is not DeferredOptimWrapper))
        {
            optimWrapper.UpdateParams(outputs.RequireLoss(legacyModel.GetType().Name));
        }

        return ToLogVars(outputs);
    }

    /// <summary>Makes the model's own validation step, if it has one and no derived adapter overrides <see cref="Predict"/>; else predicts.</summary>
    /// <remarks>
    /// What the step logs, and its loss as <c>loss</c>, is averaged by the loop with the number of samples as weight, as in an old workflow. Beside a total <c>loss</c>,
    /// its terms are left out: the engine would add every name with <c>loss</c> in it to <c>val_loss</c>, and count them twice.
    /// </remarks>
    /// <param name="data">The batch as it came from the loader. Borrowed.</param>
    /// <returns>Losses alone, or predictions.</returns>
    public override ValOutputs ValStep(DataBatch data) =>
        UsesLegacyValStep ? ToValOutputs(LegacyValStep(data, shownTo?.Runner.Optimizer ?? optimizers)) : base.ValStep(data);

    /// <summary>Always refused.</summary>
    /// <param name="data">Ignored.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="CompatException">Always: COMPAT0104.</exception>
    public override LossDict Loss(DataBatch data) => throw NoForward(nameof(Loss));

    /// <summary>Always refused.</summary>
    /// <param name="data">Ignored.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="CompatException">Always: COMPAT0104.</exception>
    public override DataBatch Predict(DataBatch data) => throw NoForward(nameof(Predict));

    /// <summary>Always refused.</summary>
    /// <param name="data">Ignored.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="CompatException">Always: COMPAT0104.</exception>
    public override Tensor ForwardTensor(DataBatch data) => throw NoForward(nameof(ForwardTensor));

    /// <summary>Finds the adapter of a legacy model behind the wrappers in front of it.</summary>
    /// <param name="model">The model of an engine's runner.</param>
    /// <returns>The adapter; <see langword="null"/> if the model is a ported one.</returns>
    internal static LegacyModelAdapter? In(BaseModel model) => model switch
    {
        LegacyModelAdapter adapter => adapter,
        IModelWrapper wrapper => In(wrapper.Module),
        _ => null,
    };

    /// <summary>Shows what the steps of a training return to the runner that legacy hooks see.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="wrapper">The wrapper of the training: steps with another one are not shown.</param>
    internal void ShowTo(BaseRunner runner, BaseOptimWrapper wrapper) => shownTo = (runner, wrapper);

    /// <summary>Makes the model's validation step.</summary>
    internal StepOutputs LegacyValStep(DataBatch data, OptimizerSet? optimizer) =>
        StepOutputs.Require(((IValStep)legacyModel).ValStep(data, optimizer), legacyModel.GetType().Name);

    /// <summary>Turns what a validation step returned into losses that the engine averages as the old buffer does.</summary>
    internal static ValOutputs ToValOutputs(StepOutputs outputs)
    {
        LogVars logVars = ToLogVars(outputs);
        bool hasTotal = logVars.TryGetValue("loss", out _);
        LossDict losses = [];
        foreach ((string name, LogValue value) in logVars)
        {
            if (name == "loss" || !hasTotal || !name.Contains("loss", StringComparison.Ordinal))
            {
                losses[name] = value.Tensor ?? tensor(value.Number);
            }
        }

        return new(losses) { NumSamples = outputs.NumSamples };
    }

    private static LogVars ToLogVars(StepOutputs outputs)
    {
        LogVars logVars = outputs.LogVars ?? [];
        LogVars weighted = new() { NumSamples = outputs.NumSamples };
        if (outputs.Loss is not null && !logVars.TryGetValue("loss", out _))
        {
            weighted["loss"] = outputs.Loss;
        }

        foreach ((string name, LogValue value) in logVars)
        {
            weighted[name] = value;
        }

        return weighted;
    }

    private LogVars UpdateFromTerms(StepOutputs outputs, LossDict losses, BaseOptimWrapper optimWrapper)
    {
        (Tensor total, LogVars logVars) = ParseLosses(losses);
        logVars.NumSamples = outputs.NumSamples;
        foreach ((string name, LogValue value) in outputs.LogVars ?? [])
        {
            if (!logVars.TryGetValue(name, out _))
            {
                logVars[name] = value;
            }
        }

        terms!.Compare(total, outputs.RequireLoss(legacyModel.GetType().Name), outputs, logVars);
        optimWrapper.UpdateParams(total);
        return logVars;
    }

    private BaseRunner? SeenBy(BaseOptimWrapper wrapper) =>
        shownTo is { } shown && ReferenceEquals(shown.Wrapper, wrapper) ? shown.Runner : null;

    private StepOutputs LegacyStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        if (ReferenceEquals(optimWrapper, lastWrapper))
        {
            return LegacyStep(data, optimizers);
        }

        lastWrapper = optimWrapper;
        optimizers = SeenBy(optimWrapper)?.Optimizer ?? WrappedOptimizers.Of(optimWrapper);
        stepsItself = optimWrapper is OptimWrapperDict;
        if (stepsItself)
        {
            OwnUpdateCheck.Check(legacyModel.GetType().Name, optimWrapper);
        }

        return stepsItself || optimizers is null || optimWrapper is DeferredOptimWrapper { Owner: UpdateOwner.Model }
            ? LegacyStep(data, optimizers)
            : FirstStep(data, optimWrapper, new OwnUpdateWatch(optimizers));
    }

    private StepOutputs FirstStep(DataBatch data, BaseOptimWrapper optimWrapper, OwnUpdateWatch watch)
    {
        StepOutputs outputs = LegacyStep(data, watch.Optimizers);
        stepsItself = watch.HasUpdated && outputs.Loss is null && optimWrapper is OptimWrapper and not (LegacyOptimWrapper or LegacyAmpOptimWrapper);
        if (stepsItself)
        {
            OwnUpdateCheck.Check(legacyModel.GetType().Name, optimWrapper);
        }
        else
        {
            watch.Check(legacyModel.GetType().Name, optimWrapper);
        }

        return outputs;
    }

    private StepOutputs LegacyStep(DataBatch data, OptimizerSet? optimizer) =>
        StepOutputs.Require(((ITrainStep)legacyModel).TrainStep(data, optimizer), legacyModel.GetType().Name);

    private CompatException NoForward(string method) => new(new CompatDiagnostic(
        "COMPAT0104",
        $"{method} was called on the adapter of {legacyModel.GetType().Name}. A legacy model has one training step and no separate {method}. "
        + "Validate with the old code for now, or port the model to BaseModel."));
}
