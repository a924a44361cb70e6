using Compat.Legacy;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using Microsoft.Extensions.Time.Testing;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Support;

/// <summary>Batch norm and one linear layer. A step takes half a second; what it returns can be the test's affair.</summary>
public sealed class ProbeModel : nn.Module, ITrainStep
{
    private readonly FakeTimeProvider time;
    private readonly Func<ProbeModel, ToyBatch, OptimizerSet?, StepOutputs> step;

    public ProbeModel(FakeTimeProvider time, Func<ProbeModel, ToyBatch, OptimizerSet?, StepOutputs>? step = null)
        : base(nameof(ProbeModel))
    {
        this.time = time;
        this.step = step ?? ((model, batch, _) => model.Usual(batch));
        Norm = nn.BatchNorm1d(1);
        Linear = nn.Linear(1, 1);
        RegisterComponents();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        Linear.weight.fill_(0.3);
        Linear.bias!.fill_(-0.2);
    }

    public BatchNorm1d Norm { get; }

    public Linear Linear { get; }

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        time.Advance(TimeSpan.FromSeconds(0.5));
        return step(this, (ToyBatch)data, optimizer);
    }

    public Tensor Loss(ToyBatch batch) => (Linear.forward(Norm.forward(batch.Img)) - batch.Label).pow(2).sum();

    public StepOutputs Usual(ToyBatch batch)
    {
        Tensor loss = Loss(batch);
        return new() { Loss = loss, NumSamples = (int)batch.Img.shape[0], LogVars = new LogVars { ["loss"] = loss, ["count"] = batch.Img.shape[0] } };
    }
}
