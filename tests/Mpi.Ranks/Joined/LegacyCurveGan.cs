using Compat.Legacy;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>The GAN as a model of the old trainer: it steps by itself.</summary>
internal sealed class LegacyCurveGan : nn.Module, ITrainStep
{
    private readonly CurveGan gan;

    public LegacyCurveGan(CurveGan gan)
        : base(string.Empty)
    {
        this.gan = gan;
        RegisterComponents();
    }

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        ToyBatch batch = (ToyBatch)data;
        Tensor loss = gan.DiscriminatorLoss(batch);
        Update(loss, optimizer!["discriminator"]);
        gan.Train(discriminates: false);
        Update(gan.GeneratorLoss(batch), optimizer["generator"]);
        gan.Train(discriminates: true);
        return new() { LogVars = new LogVars { ["loss"] = loss }, NumSamples = (int)batch.Img.shape[0] };
    }

    private static void Update(Tensor loss, optim.Optimizer optimizer)
    {
        optimizer.zero_grad();
        loss.backward();
        optimizer.step();
    }
}
