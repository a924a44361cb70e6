using Compat.Legacy;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Support;

/// <summary>A linear layer with batch norm, a training step and a validation step, which logs what the test says.</summary>
public sealed class ValidatingModel : nn.Module, ITrainStep, IValStep
{
    private readonly BatchNorm1d norm = nn.BatchNorm1d(1);
    private readonly Linear linear = nn.Linear(1, 1);
    private readonly Func<Tensor, LogVars> logged;

    public ValidatingModel(Func<Tensor, LogVars>? logged = null)
        : base(nameof(ValidatingModel))
    {
        this.logged = logged ?? (loss => new LogVars { ["loss"] = loss, ["loss_half"] = loss / 2, ["acc"] = 0.25 });
        RegisterComponents();
        using IDisposable guard = no_grad();
        linear.weight.fill_(0.3);
        linear.bias!.fill_(-0.2);
    }

    /// <summary>Gets the losses of the validation and their numbers of samples.</summary>
    public List<(double Loss, int Samples)> Validated { get; } = [];

    public List<OptimizerSet?> Optimizers { get; } = [];

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        Tensor loss = Loss((ToyBatch)data);
        return new() { Loss = loss, NumSamples = data.Indices.Count, LogVars = new LogVars { ["loss"] = loss } };
    }

    public StepOutputs ValStep(DataBatch data, OptimizerSet? optimizer)
    {
        Tensor loss = Loss((ToyBatch)data);
        Validated.Add((loss.item<float>(), data.Indices.Count));
        Optimizers.Add(optimizer);
        return new() { NumSamples = data.Indices.Count, LogVars = logged(loss) };
    }

    private Tensor Loss(ToyBatch batch) => (linear.forward(norm.forward(batch.Img)) - batch.Label).pow(2).mean();
}
