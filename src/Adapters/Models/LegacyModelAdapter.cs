using Compat.Adapters.Diagnostics;
using Compat.Adapters.Runners;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Adapters.Models;

/// <summary>Lets the engine train a model that has MMCV's training step.</summary>
/// <remarks>
/// Preserves: the model's own loss, unreduced by anybody else; its log values and their weight; one update per iteration; train and eval mode; the names
/// of its parameters, and what it left unregistered on purpose.
/// Changes: nothing in the numbers. <c>loss</c> is logged in the engine's hub even if the model does not log it.
/// Rejects: <see cref="Loss"/>, <see cref="Predict"/> and <see cref="ForwardTensor"/>; a legacy model reports one summed loss (COMPAT0104).
/// </remarks>
[HoldsTensors("owner: the legacy model")]
public class LegacyModelAdapter : ModuleView
{
    private readonly nn.Module legacyModel;
    private readonly bool updatesWeights;

    /// <summary>Wraps a model.</summary>
    /// <param name="legacyModel">The model, already on its device; it implements <see cref="ITrainStep"/>. Borrowed.</param>
    /// <param name="updatesWeights">
    /// Whether the engine's wrapper updates the weights; <see langword="true"/> by default. Otherwise a legacy hook or the model itself does.
    /// </param>
    /// <exception cref="ArgumentException">The model has no training step.</exception>
    public LegacyModelAdapter(nn.Module legacyModel, bool updatesWeights = true)
        : base(legacyModel)
    {
        if (legacyModel is not ITrainStep)
        {
            throw new ArgumentException(
                $"{legacyModel.GetType().Name} has no training step. Let it implement {nameof(ITrainStep)}, or derive it from BaseModel.",
                nameof(legacyModel));
        }

        this.legacyModel = legacyModel;
        this.updatesWeights = updatesWeights;
    }

    /// <summary>Gets the model that is wrapped.</summary>
    public nn.Module LegacyModel => legacyModel;

    /// <summary>Gets or sets the runner that legacy hooks see, if there are any.</summary>
    internal LegacyRunnerFacade? Facade { get; set; }

    /// <inheritdoc/>
    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        ArgumentNullException.ThrowIfNull(optimWrapper);
        StepOutputs outputs;
        using (optimWrapper.OptimContext(this))
        {
            outputs = LegacyStep(data, optimWrapper);
        }

        Facade?.Take(outputs);
        if (updatesWeights)
        {
            optimWrapper.UpdateParams(outputs.RequireLoss(legacyModel.GetType().Name));
        }

        return ToLogVars(outputs);
    }

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

    private StepOutputs LegacyStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        OptimizerSet? optimizer = Facade?.Optimizer ?? (optimWrapper is OptimWrapper wrapper ? new OptimizerSet(wrapper.Optimizer) : null);
        return StepOutputs.Require(((ITrainStep)legacyModel).TrainStep(data, optimizer), legacyModel.GetType().Name);
    }

    private CompatException NoForward(string method) => new(new CompatDiagnostic(
        "COMPAT0104",
        $"{method} was called on the adapter of {legacyModel.GetType().Name}. A legacy model has one training step and no separate {method}. "
        + "Validate with the old code for now, or port the model to BaseModel."));
}
