using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

/// <summary>A model with one weight, 0.5, whose step is up to the test. It has no validation step.</summary>
public class StepModel : nn.Module, ITrainStep
{
    private readonly Func<StepModel, DataBatch, StepOutputs> step;

    public StepModel(Func<StepModel, DataBatch, StepOutputs>? step = null)
        : base(nameof(StepModel))
    {
        this.step = step ?? ((model, batch) => new StepOutputs { Loss = model.Loss(batch) });
        Linear = nn.Linear(1, 1, hasBias: false);
        using IDisposable guard = no_grad();
        Linear.weight.fill_(0.5);
        RegisterComponents();
    }

    public Linear Linear { get; }

    public double Weight
    {
        get
        {
            using DisposeScope scope = NewDisposeScope();
            return Linear.weight.detach().item<float>();
        }
    }

    /// <summary>For batches of ones: the mean of (weight - 1)².</summary>
    public Tensor Loss(DataBatch batch) => (Linear.forward(((ToyBatch)batch).Img) - ((ToyBatch)batch).Label).pow(2).mean();

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer) => step(this, data);
}
