using Compat.TestSupport.Toy;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>A small GAN. Its noise comes with the batch, so that ranks and one process on the joined batch have the same.</summary>
internal sealed class CurveGan : nn.Module
{
    private readonly Sequential generator = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 2));
    private readonly Sequential discriminator = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1));

    public CurveGan()
        : base(string.Empty) => RegisterComponents();

    public nn.Module Generator => generator;

    public nn.Module Discriminator => discriminator;

    public Tensor DiscriminatorLoss(ToyBatch batch) => Judge(batch.Label, isReal: true) + Judge(generator.forward(batch.Img).detach(), isReal: false);

    public Tensor GeneratorLoss(ToyBatch batch) => Judge(generator.forward(batch.Img), isReal: true);

    /// <summary>Lets the discriminator be trained, or not: in the generator's turn it only judges.</summary>
    public void Train(bool discriminates)
    {
        foreach (Parameter parameter in discriminator.parameters())
        {
            parameter.requires_grad = discriminates;
        }
    }

    private Tensor Judge(Tensor pairs, bool isReal)
    {
        Tensor scores = discriminator.forward(pairs);
        return nn.functional.binary_cross_entropy_with_logits(scores, isReal ? ones_like(scores) : zeros_like(scores));
    }
}
