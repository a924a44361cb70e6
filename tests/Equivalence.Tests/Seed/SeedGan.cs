using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Seed;

/// <summary>The seed's GAN on numbers, trained either way: the old step as printed or clearing first, the discriminator frozen in the generator's turn or not.</summary>
/// <param name="clearsFirst">Whether the old step clears gradients before each backward, instead of after each step as printed.</param>
/// <param name="freezes">Whether the generator's loss leaves nothing in the discriminator.</param>
internal sealed class SeedGan(bool clearsFirst, bool freezes) : BaseModel, ITrainStep
{
    private readonly Linear generator = nn.Linear(1, 1);
    private readonly Linear discriminator = nn.Linear(1, 1);

    public SeedGan Begin()
    {
        RegisterComponents();
        nn.init.constant_(generator.weight, 0.5);
        nn.init.constant_(generator.bias!, 0.1);
        nn.init.constant_(discriminator.weight, 0.3);
        nn.init.constant_(discriminator.bias!, -0.2);
        return this;
    }

    public Linear Part(string name) => name == "generator" ? generator : discriminator;

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        ToyBatch batch = (ToyBatch)data;
        Train(batch, (name, loss) => Update(loss, optimizer![name]));
        return new() { NumSamples = (int)batch.Img.shape[0], LogVars = [] };
    }

    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        Train((ToyBatch)DataPreprocessor.Process(data, training: true), (name, loss) => optimWrapper[name].UpdateParams(loss));
        return [];
    }

    private static Tensor Against(Tensor scores, double value) => nn.functional.binary_cross_entropy_with_logits(scores, full_like(scores, value));

    private void Train(ToyBatch batch, Action<string, Tensor> update)
    {
        Tensor noise = full_like(batch.Img, 0.25);
        Tensor fake = generator.forward(noise).detach();
        update("discriminator", Against(discriminator.forward(fake), 0) + Against(discriminator.forward(batch.Img), 1));
        RequireGradients(!freezes);
        update("generator", Against(discriminator.forward(generator.forward(noise)), 1));
        RequireGradients(true);
    }

    private void Update(Tensor loss, optim.Optimizer optimizer)
    {
        if (clearsFirst)
        {
            optimizer.zero_grad();
        }

        loss.backward();
        optimizer.step();
        if (!clearsFirst)
        {
            optimizer.zero_grad();
        }
    }

    private void RequireGradients(bool required)
    {
        foreach (Parameter parameter in discriminator.parameters())
        {
            parameter.requires_grad = required;
        }
    }
}
