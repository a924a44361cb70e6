using Compat.Legacy;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Support;

/// <summary>An old model that trains two layers in turn and steps by itself, as a GAN does; with one optimizer it trains the first layer alone.</summary>
public sealed class TurnModel : nn.Module, ITrainStep
{
    private readonly Linear generator = nn.Linear(1, 1);
    private readonly Linear discriminator = nn.Linear(1, 1);

    public TurnModel()
        : base(nameof(TurnModel))
    {
        RegisterComponents();
        using IDisposable guard = no_grad();
        generator.weight.fill_(0.4);
        generator.bias!.fill_(0.1);
        discriminator.weight.fill_(-0.3);
        discriminator.bias!.fill_(0.2);
    }

    public Linear Generator => generator;

    public Linear Discriminator => discriminator;

    public int Steps { get; private set; }

    /// <summary>Gets or sets whether it returns a loss, for hooks to look at.</summary>
    public bool ReturnsLoss { get; set; }

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        Steps++;
        ToyBatch batch = (ToyBatch)data;
        Tensor loss = (discriminator.forward(generator.forward(batch.Img).detach()) - batch.Label).pow(2).mean();
        if (!optimizer!.IsNamed)
        {
            loss = (generator.forward(batch.Img) - batch.Label).pow(2).mean();
            Step(loss, optimizer.Single);
        }
        else
        {
            Step(loss, optimizer["discriminator"]);
            Step((discriminator.forward(generator.forward(batch.Img)) - 1).pow(2).mean(), optimizer["generator"]);
        }

        return new() { Loss = ReturnsLoss ? loss : null, NumSamples = data.Indices.Count, LogVars = new LogVars { ["loss_d"] = loss } };
    }

    private static void Step(Tensor loss, optim.Optimizer optimizer)
    {
        optimizer.zero_grad();
        loss.backward();
        optimizer.step();
    }
}
