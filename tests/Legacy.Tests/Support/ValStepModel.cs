using Compat.Torch.Data;

namespace Compat.Legacy.Tests.Support;

/// <summary>A <see cref="StepModel"/> whose validation step returns what its training step does, or what the test says.</summary>
public sealed class ValStepModel(Func<StepModel, DataBatch, StepOutputs>? step = null, Func<StepModel, DataBatch, StepOutputs>? valStep = null)
    : StepModel(step), IValStep
{
    public StepOutputs ValStep(DataBatch data, OptimizerSet? optimizer) => valStep is null ? TrainStep(data, optimizer) : valStep(this, data);
}
