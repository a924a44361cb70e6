using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>The GAN as a model of the engine: a wrapper's turn after the other's.</summary>
internal sealed class EngineCurveGan(CurveGan gan) : ModuleView(gan)
{
    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        Tensor loss = gan.DiscriminatorLoss((ToyBatch)data);
        optimWrapper["discriminator"].UpdateParams(loss);
        gan.Train(discriminates: false);
        optimWrapper["generator"].UpdateParams(gan.GeneratorLoss((ToyBatch)data));
        gan.Train(discriminates: true);
        return new LogVars { ["loss"] = loss };
    }
}
