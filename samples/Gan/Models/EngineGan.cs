using Comparing;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static Gan.Models.GanParts;
using static TorchSharp.torch;

namespace Gan.Models;

/// <summary>The same model ported: it says which loss is whose, and wrappers update. Half precision and accumulation are settings of the wrappers.</summary>
internal sealed class EngineGan : BaseModel<DigitsBatch>
{
    private readonly Generator generator = new();
    private readonly Discriminator discriminator = new();

    public EngineGan() => RegisterComponents();

    public Generator Generator => generator;

    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        Tensor real = ((DigitsBatch)DataPreprocessor.Process(data, training: true)).Image;
        LogVars logVars = [];
        TrainDiscriminator(real, optimWrapper["discriminator"], logVars);
        discriminator.RequireGradients(false);
        TrainGenerator(real, optimWrapper["generator"], logVars);
        discriminator.RequireGradients(true);
        return logVars;
    }

    private void Update(LossDict losses, BaseOptimWrapper optimWrapper, LogVars logVars)
    {
        (Tensor loss, LogVars values) = ParseLosses(losses);
        optimWrapper.UpdateParams(loss);
        foreach ((string name, LogValue value) in values)
        {
            if (name != "loss")
            {
                logVars[name] = value;
            }
        }
    }

    private void TrainDiscriminator(Tensor real, BaseOptimWrapper optimWrapper, LogVars logVars)
    {
        LossDict losses;
        using (optimWrapper.OptimContext(this))
        {
            Tensor fake = generator.forward(Noise(real)).detach();
            losses = new()
            {
                ["loss_real"] = Against(discriminator.forward(real), real: true),
                ["loss_fake"] = Against(discriminator.forward(fake), real: false),
            };
        }

        Update(losses, optimWrapper, logVars);
    }

    private void TrainGenerator(Tensor real, BaseOptimWrapper optimWrapper, LogVars logVars)
    {
        LossDict losses;
        using (optimWrapper.OptimContext(this))
        {
            losses = new() { ["loss_gen"] = Against(discriminator.forward(generator.forward(Noise(real))), real: true) };
        }

        Update(losses, optimWrapper, logVars);
    }
}
