using Compat.Torch.Training;

namespace Compat.Torch.Tests.Training;

public sealed class WatchedLossTests
{
    [Theory]
    [InlineData("loss")]
    [InlineData("loss_cls")]
    [InlineData("decode.loss_ce")]
    [InlineData("lossless")]
    public void What_has_loss_in_its_name_is_watched(string name) => WatchedLoss.ForLogged(name, 7).Should().Be(new WatchedLoss(name, 7));

    [Theory]
    [InlineData("acc")]
    [InlineData("Loss")]
    [InlineData("los")]
    public void Other_values_are_not(string name) => WatchedLoss.ForLogged(name, 7).Should().BeNull();

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => WatchedLoss.ForLogged(null!, 0);

        act.Should().Throw<ArgumentNullException>().WithParameterName("name");
    }
}
